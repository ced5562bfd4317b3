import { type Context, createContextKey } from '@opentelemetry/api';

const foreignKey = createContextKey('sluice: the parent span came from a client');

/** Marks a parent context from a client: its trace continues, but its sampling decision is ignored. */
export const withForeignParent = (context: Context): Context => context.setValue(foreignKey, true);

export const hasForeignParent = (context: Context): boolean => context.getValue(foreignKey) === true;
