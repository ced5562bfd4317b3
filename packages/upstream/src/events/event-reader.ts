import type { Framing, UpstreamEvent } from '@sluice/protocol';
import { createLineReader } from './line-reader.ts';
import { createSseLineReader } from './sse-line-reader.ts';
import { createSseReader } from './sse-reader.ts';
import { isUnfinished } from './unfinished.ts';

/** Splits the text of a stream into events, independent of how the network split it. */
export interface EventReader {
  /** Feeds text. Returns false when an event exceeds the limit; no text may follow then. */
  feed(text: string): boolean;
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

export function createEventReader(framing: Framing, needs: EventReaderNeeds): EventReader {
  switch (framing) {
    case 'sse':
      return createSseReader(needs, false);
    case 'sse-unterminated':
      return createSseReader(needs, true);
    case 'sse-lines':
      return createSseLineReader(needs);
    case 'ndjson':
      return createLineReader(needs.maxEventLength, (data, hasEnd) => {
        if (hasEnd ? data.trim() !== '' : !isUnfinished(data)) needs.onEvent({ data });
      });
  }
}
