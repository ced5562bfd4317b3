import type { IncomingMessage, ServerResponse } from 'node:http';

/** A received request and its response. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path without the query. */
  readonly path: string;
}
