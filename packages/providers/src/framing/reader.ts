import type { UpstreamEvent } from '@sluice/protocol';

/** Splits the text of a stream into events, independent of how the network split it. */
export interface EventReader {
  /** Feeds text. Returns false when an event exceeds the limit; no text may follow then. */
  feed(text: string): boolean;
  /** True if the text so far ends with a whole event, so that the next text starts an event. */
  readonly isBetweenEvents: boolean;
  /**
   * Ends the stream. A last event that lacks only its terminator counts as an event; truncated JSON never does. The
   * provider's translator judges whether the stream was complete.
   */
  end(): void;
}

export interface EventReaderNeeds {
  /** Maximum length of an event, in UTF-16 units. */
  readonly maxEventLength: number;
  readonly onEvent: (event: UpstreamEvent) => void;
}
