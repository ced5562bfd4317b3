import type { Framing, UpstreamEvent } from '@sluice/protocol';
import { createLineReader } from './line-reader.ts';
import { createSseLineReader } from './sse-line-reader.ts';
import { createSseReader } from './sse-reader.ts';
import { isUnfinished } from './unfinished.ts';

/** Cuts a stream's text into events, wherever the network cut it. */
export interface EventReader {
  /** Returns false when an event has outgrown the limit; nothing more may be fed then. */
  feed(text: string): boolean;
  /**
   * The stream is over: a last event that lacks only its end is an event too. JSON that broke off never is: whether the
   * stream was complete is for the provider's translator to judge.
   */
  end(): void;
}

export interface EventReaderNeeds {
  /** Longest event, in UTF-16 units. */
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
