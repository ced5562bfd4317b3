import { type Context, createContextKey } from '@opentelemetry/api';

const anonymousKey = createContextKey('sluice: the parent span came from a client');

/** Marks a parent context from a client: its trace continues, but its sampling decision is ignored. */
export const asAnonymous = (context: Context): Context => context.setValue(anonymousKey, true);

export const isAnonymous = (context: Context): boolean => context.getValue(anonymousKey) === true;
