/** An HTTP call that a provider's adapter describes and the upstream client makes. */
export interface UpstreamRequest {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
}

/** What came before the body of an upstream's answer. */
export interface ResponseHead {
  readonly status: number;
  /** Names in lower case; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** When it came: ms since 1970, for dates in headers. */
  readonly receivedAt: number;
}

/** One event of an upstream's stream. */
export interface UpstreamEvent {
  /** SSE event name; absent for plain `data:` lines. */
  readonly event?: string | undefined;
  readonly data: string;
}
