/** An HTTP request that a provider's adapter describes and the upstream client sends. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Usually JSON text; bytes for a file; undefined for none. */
  readonly body: string | Uint8Array | undefined;
}

/** Head of an upstream's response: status and headers. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Arrival time in ms since 1970; needed to interpret dates in headers. */
  readonly receivedAt: number;
}

/** One event of an upstream's stream. */
export interface UpstreamEvent {
  /** SSE event name; absent for plain `data:` lines. */
  readonly event?: string | undefined;
  readonly data: string;
  /** The preceding comment line, if the framing passes comments on. */
  readonly comment?: string | undefined;
}

/**
 * The way a stream is split into events:
 *
 * | framing            | an event is                                                                    |
 * |--------------------|--------------------------------------------------------------------------------|
 * | `sse`              | what the HTML standard defines: it ends with a blank line, which the last may lack if it is whole JSON |
 * | `sse-unterminated` | the same, but the last one may also be other text, or bare JSON                 |
 * | `sse-lines`        | each `data:` line, with the `event:` and comment lines since the previous one   |
 * | `ndjson`           | each line that is not blank                                                     |
 */
export type Framing = 'sse' | 'sse-unterminated' | 'sse-lines' | 'ndjson';
