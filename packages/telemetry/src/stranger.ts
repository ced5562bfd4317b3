import { type Context, createContextKey } from '@opentelemetry/api';

const strangerKey = createContextKey('sluice: the parent span came from a client');

/** Marks a parent context that came from a client: its trace goes on, its decision on sampling does not count. */
export const asStranger = (context: Context): Context => context.setValue(strangerKey, true);

export const isStranger = (context: Context): boolean => context.getValue(strangerKey) === true;
