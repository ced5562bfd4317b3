/** An HTTP call that a provider's adapter describes and the upstream client makes. */
export interface UpstreamRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Mostly JSON text; bytes where a file is sent; undefined for none. */
  readonly body: string | Uint8Array | undefined;
}

/** The part of an upstream's answer that came before the body. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Time of arrival: ms since 1970, for dates in headers. */
  readonly receivedAt: number;
}

/** One event of an upstream's stream. */
export interface UpstreamEvent {
  /** SSE event name; absent for plain `data:` lines. */
  readonly event?: string | undefined;
  readonly data: string;
  /** The comment line before it, where the framing passes comments on. */
  readonly comment?: string | undefined;
}

/**
 * The way a stream is cut into events:
 *
 * | framing            | an event is                                                                    |
 * |--------------------|--------------------------------------------------------------------------------|
 * | `sse`              | what the HTML standard says: it ends with a blank line; the last one, if it is whole JSON, may lack that |
 * | `sse-unterminated` | the same, but the last one may be other text, or bare JSON                      |
 * | `sse-lines`        | each `data:` line; with the `event:` and comment lines since the one before     |
 * | `ndjson`           | each line that is not blank                                                     |
 */
export type Framing = 'sse' | 'sse-unterminated' | 'sse-lines' | 'ndjson';
