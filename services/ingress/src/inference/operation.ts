import type { IncomingHttpHeaders } from 'node:http';
import type { Response } from 'express';
import type { NativeProtocol, Operation as OperationName } from '@sluice/protocol';
import type { ChatParameters } from './observe/conclude.ts';
import type { AnswerForms } from './reply/answer-form.ts';
import type { Reply, ReplyNeeds } from './reply/reply.ts';
import type { Reservation } from './reservation.ts';
import type { ModelEntry } from './resolve-model.ts';

/**
 * A kind of request to a model, as data for the conductor (`handle-inference.ts`). `Request` is the validated body.
 */
export interface Operation<Request> {
  /** Name of the operation in the job for the worker. */
  readonly name: OperationName;
  /**
   * Validates a body.
   * @throws GatewayError 400 naming the wrong field
   */
  readonly parse: (value: unknown, response: Response) => Parsed<Request>;
  /**
   * Fits a request to its model. `bytes` is the client's body; `isNative`: a target may get these bytes.
   * @throws GatewayError 400 naming a field that no target can serve
   */
  readonly shape: (request: Request, bytes: Buffer, entry: ModelEntry, isNative: boolean) => Shaped<Request>;
  /** Estimates the tokens that a request uses. */
  readonly reserve: (request: Request, bodyBytes: number) => Reservation;
  /** Returns the surface's name for a field of a chat request; absent if the names are the same. */
  readonly fieldName?: (chatField: string) => string;
  /** Set if upstreams of these types answer in the client's own protocol. */
  readonly native?: NativeSurface;
  /** Creates the writer of the answer, for requests that are parsed without `forms`. */
  readonly reply: (needs: ReplyNeeds) => Reply;
}

/** A surface whose protocol is also that of some upstreams. */
export interface NativeSurface {
  readonly protocol: NativeProtocol;
  readonly upstreamTypes: readonly string[];
  /** Returns the headers of the client that belong to the protocol; names in lower case. */
  readonly headersOf: (headers: IncomingHttpHeaders) => Readonly<Record<string, string>>;
}

export interface Parsed<Request> {
  readonly request: Request;
  /** The name that the client gives to the model. */
  readonly model: string;
  readonly stream: boolean;
  /** For the log line. */
  readonly parameters?: ChatParameters;
  /** Forms of the answer to this request, for surfaces other than chat. */
  readonly forms?: AnswerForms;
}

/** The body for the worker, and how it differs from the client's. */
export interface Shape {
  /** JSON. */
  readonly body: Buffer;
  /** Number of messages that are left out of the body. */
  readonly droppedMessages: number;
  /** Maximum number of extensions, attempts that extend an answer after its token limit; 0 = none. */
  readonly maxContinuations: number;
  /** Names of the client's fields that the body lacks; absent for none. */
  readonly droppedFields?: readonly string[];
  /** Parameters of the body that a target may leave out rather than refuse the request. */
  readonly mayDrop?: readonly string[];
}

export interface Shaped<Request> extends Shape {
  /** The request in the body. */
  readonly request: Request;
}
