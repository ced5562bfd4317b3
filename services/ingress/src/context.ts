import type { Response } from 'express';
import type { KeyLimits } from '@sluice/admission';
import type { ThinkingMode } from '@sluice/answers';
import type { Observation } from './inference/observe/observe.ts';
import type { BodyHold } from './middleware/body-budget.ts';

/** The caller: a client key of the configuration. */
export interface Principal {
  /** Id part of the key's digest; names its leases and rates in Redis. */
  readonly keyId: string;
  readonly name: string;
  /** The key masked to its first and last four characters, for logs; absent for keys known by hash alone. */
  readonly hint: string | undefined;
  readonly isAdmin: boolean;
  /** Stands for clients whom no key names. */
  readonly isAnonymous: boolean;
  /** Globs of the models it may use. */
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  /** Its share among keys that wait. */
  readonly weight: number;
  /** The form in which it sees reasoning; undefined = as the model says. */
  readonly thinking: ThinkingMode | undefined;
}

/** The facts that the middleware has found out about a request. */
export interface RequestContext {
  /** Ours alone: names the request in Redis, queue and frames. A client's id could meet another's there. */
  readonly requestId: string;
  /** The id that the client sees as `x-request-id`: its own valid one, else ours. */
  readonly publicId: string;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Aborts when the client leaves before its answer is complete. */
  readonly signal: AbortSignal;
}

interface Facts {
  context: RequestContext | undefined;
  principal: Principal | undefined;
  observation: Observation | undefined;
  bodyHold: BodyHold | undefined;
}

const factsKey = Symbol('facts');

/** On the response itself: a WeakMap costs the garbage collector more than the request's other objects together. */
function factsOf(response: Response & { [factsKey]?: Facts }): Facts {
  return (response[factsKey] ??= {
    context: undefined,
    principal: undefined,
    observation: undefined,
    bodyHold: undefined,
  });
}

export const setContext = (response: Response, context: RequestContext): unknown =>
  (factsOf(response).context = context);
export const setPrincipal = (response: Response, principal: Principal): unknown =>
  (factsOf(response).principal = principal);
export const setObservation = (response: Response, observation: Observation): unknown =>
  (factsOf(response).observation = observation);

export const setBodyHold = (response: Response, hold: BodyHold): unknown => (factsOf(response).bodyHold = hold);

/** @throws Error when the middleware that sets it did not run: a fault in `app.ts` */
export const contextOf = (response: Response): RequestContext => need(factsOf(response).context, 'context');
export const principalOf = (response: Response): Principal => need(factsOf(response).principal, 'principal');
export const observationOf = (response: Response): Observation => need(factsOf(response).observation, 'observation');
/** For errors on any route; only chat requests are observed. */
export const findObservation = (response: Response): Observation | undefined => factsOf(response).observation;

/** One request and its client, as the steps of `inference/` see them. */
export interface Client extends RequestContext {
  readonly response: Response;
  readonly principal: Principal;
  readonly observation: Observation;
}

export const clientOf = (response: Response): Client => ({
  ...contextOf(response),
  response,
  principal: principalOf(response),
  observation: observationOf(response),
});

/** The body lies in Redis: its part of the budget goes to another one. */
export const bodyStored = (response: Response): void => factsOf(response).bodyHold?.stored();

function need<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined)
    throw new Error(`the request has no ${what}: is the middleware for it missing on this route?`);
  return value;
}
