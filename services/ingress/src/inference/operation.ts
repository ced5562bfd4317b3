import type { Operation as OperationName } from '@sluice/protocol';
import type { ChatParameters } from './observe/conclude.ts';
import type { Reply, ReplyNeeds } from './reply/reply.ts';
import type { Reservation } from './reservation.ts';
import type { ModelEntry } from './resolve-model.ts';

/**
 * A kind of request to a model, as data for the conductor (`handle-inference.ts`). `Request` is the client's body once it
 * is validated.
 */
export interface Operation<Request> {
  /** Names the work of the job that goes to a worker. */
  readonly name: OperationName;
  /**
   * Validates a body.
   * @throws GatewayError 400 that names the wrong field
   */
  readonly parse: (value: unknown) => Parsed<Request>;
  /** Fits a request to its model. `bytes` are the body as the client sent it. */
  readonly shape: (request: Request, bytes: Buffer, entry: ModelEntry) => Shaped<Request>;
  /** Estimates the tokens that a request uses. */
  readonly reserve: (request: Request, bodyBytes: number) => Reservation;
  /** Creates the writer of the answer. */
  readonly reply: (needs: ReplyNeeds) => Reply;
}

export interface Parsed<Request> {
  readonly request: Request;
  /** The name that the client gives to the model. */
  readonly model: string;
  readonly stream: boolean;
  /** For the log line. */
  readonly parameters?: ChatParameters;
}

/** What goes to the worker. */
export interface Shape {
  /** JSON. */
  readonly body: Buffer;
  /** Messages that are left out of the body. */
  readonly droppedMessages: number;
  /** Maximum number of calls that extend an answer which has met its token limit; 0 = none. */
  readonly maxContinuations: number;
}

export interface Shaped<Request> extends Shape {
  /** The request as the body has it. */
  readonly request: Request;
}
