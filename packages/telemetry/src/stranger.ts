import { type Context, createContextKey } from '@opentelemetry/api';

const strangerKey = createContextKey('sluice: the parent span came from a client');

/** Marks a parent context from a client: its trace continues, but its sampling decision is ignored. */
export const asStranger = (context: Context): Context => context.setValue(strangerKey, true);

export const isStranger = (context: Context): boolean => context.getValue(strangerKey) === true;
