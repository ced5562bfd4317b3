import { type Context, createContextKey } from '@opentelemetry/api';

const anonymousKey = createContextKey('sluice: the parent span came from a client');

/** Marks a parent context that came from a client: its trace goes on, its decision on sampling does not count. */
export const asAnonymous = (context: Context): Context => context.setValue(anonymousKey, true);

export const isAnonymous = (context: Context): boolean => context.getValue(anonymousKey) === true;
