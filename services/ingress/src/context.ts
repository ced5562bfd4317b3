import type { Response } from 'express';
import type { KeyLimits } from '@sluice/admission';
import type { ThinkingMode } from '@sluice/answers';
import type { Budgets } from '@sluice/records';
import type { BodyCopies } from './bodies/body-copies.ts';
import type { Continuation } from './conversations/continuation.ts';
import type { ErrorForm } from './middleware/error-form.ts';
import type { ResponseTurn } from './responses/response-turn.ts';
import type { KeptRequest } from './kept/kept-request.ts';
import type { Observation } from './inference/observe/observe.ts';
import type { BodyHold } from './middleware/body-budget.ts';

/** The team of a client key. */
export interface PrincipalTeam {
  /** Name of its rates and budgets in Redis. */
  readonly id: string;
  /** Globs of the models that its keys may use. */
  readonly models: readonly string[];
  /** Limits of all its keys together. */
  readonly limits: KeyLimits;
  readonly budgets: Budgets;
}

/** The client, as a key of the configuration or of the database, or as an identity of an OIDC issuer. */
export interface Principal {
  /** Name of the key's leases, rates and budgets in Redis. */
  readonly keyId: string;
  readonly name: string;
  /** The key masked to its first and last four characters, for logs; absent for keys known by hash alone. */
  readonly hint: string | undefined;
  /** The key of clients that send no valid key. */
  readonly isAnonymous: boolean;
  /** Globs of the models that the key may use. */
  readonly models: readonly string[];
  readonly limits: KeyLimits;
  /** Share of the turns among the keys that have waiters. */
  readonly weight: number;
  /** Form of reasoning in its answers; undefined = the setting of the model. */
  readonly thinking: ThinkingMode | undefined;
  readonly budgets: Budgets;
  readonly team: PrincipalTeam | undefined;
  readonly owner: string | undefined;
  readonly tags: readonly string[];
  /** The records may hold the bodies of its requests and answers, if they hold bodies at all. */
  readonly mayLogBodies: boolean;
}

/** The facts of a request that the middleware collects. */
export interface RequestContext {
  /** Id of ours, for Redis, queue and frames. Ids of two clients could be equal there. */
  readonly requestId: string;
  /** Id that the client gets as `x-request-id`: its own if that is valid, else ours. */
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
  continuation: Continuation | undefined;
  bodyCopies: BodyCopies | undefined;
  errorForm: ErrorForm | undefined;
  responseTurn: ResponseTurn | undefined;
  keptRequest: KeptRequest | undefined;
}

const factsKey = Symbol('facts');

/** Keeps the facts on the response: a WeakMap costs the garbage collector more than all other objects of a request. */
function factsOf(response: Response & { [factsKey]?: Facts }): Facts {
  return (response[factsKey] ??= {
    context: undefined,
    principal: undefined,
    observation: undefined,
    bodyHold: undefined,
    continuation: undefined,
    bodyCopies: undefined,
    errorForm: undefined,
    responseTurn: undefined,
    keptRequest: undefined,
  });
}

export const setContext = (response: Response, context: RequestContext): unknown =>
  (factsOf(response).context = context);
export const setPrincipal = (response: Response, principal: Principal): unknown =>
  (factsOf(response).principal = principal);
export const setObservation = (response: Response, observation: Observation): unknown =>
  (factsOf(response).observation = observation);

export const setBodyHold = (response: Response, hold: BodyHold): unknown => (factsOf(response).bodyHold = hold);

export const setContinuation = (response: Response, continuation: Continuation): unknown =>
  (factsOf(response).continuation = continuation);
/** Returns undefined for a request that names no conversation. */
export const findContinuation = (response: Response): Continuation | undefined => factsOf(response).continuation;

export const setBodyCopies = (response: Response, copies: BodyCopies): unknown =>
  (factsOf(response).bodyCopies = copies);
/** Returns undefined for a request whose bodies are not kept. */
export const findBodyCopies = (response: Response): BodyCopies | undefined => factsOf(response).bodyCopies;

export const setErrorForm = (response: Response, form: ErrorForm): unknown => (factsOf(response).errorForm = form);
/** Returns undefined on routes whose errors have OpenAI's form. */
export const findErrorForm = (response: Response): ErrorForm | undefined => factsOf(response).errorForm;

export const setKeptRequest = (response: Response, kept: KeptRequest): unknown =>
  (factsOf(response).keptRequest = kept);
/** Returns undefined for a request whose answer is not kept. */
export const findKeptRequest = (response: Response): KeptRequest | undefined => factsOf(response).keptRequest;

export const setResponseTurn = (response: Response, turn: ResponseTurn): unknown =>
  (factsOf(response).responseTurn = turn);
/** @throws Error if the middleware that sets the fact did not run: a fault in `app.ts` */
export const responseTurnOf = (response: Response): ResponseTurn => need(factsOf(response).responseTurn, 'turn');

/** @throws Error if the middleware that sets the fact did not run: a fault in `app.ts` */
export const contextOf = (response: Response): RequestContext => need(factsOf(response).context, 'context');
export const principalOf = (response: Response): Principal => need(factsOf(response).principal, 'principal');
export const observationOf = (response: Response): Observation => need(factsOf(response).observation, 'observation');
/** Returns undefined on routes that are not observed: only requests to models are. */
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

/** Marks the body as stored in Redis, which frees its part of the budget. */
export const bodyStored = (response: Response): void => factsOf(response).bodyHold?.stored();

function need<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined)
    throw new Error(`the request has no ${what}: is the middleware for it missing on this route?`);
  return value;
}
