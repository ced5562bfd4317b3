import type { IncomingMessage, ServerResponse } from 'node:http';

/** A request that has arrived, and where its answer goes. */
export interface Incoming {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Without the query. */
  readonly path: string;
}
