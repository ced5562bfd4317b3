import type { UpstreamEvent } from '@sluice/protocol';
import { createParser } from 'eventsource-parser';

/** Cuts a stream's text into events, wherever the network cut it. */
export interface EventReader {
  /** Returns false when an event has outgrown the limit; nothing more may be fed then. */
  feed(text: string): boolean;
}

export interface EventReaderNeeds {
  /** Longest event, in UTF-16 units. */
  readonly maxEventLength: number;
  readonly onEvent: (event: UpstreamEvent) => void;
}

/**
 * Server-sent events as the HTML standard has them. An event that its sender did not finish with a blank line is not an
 * event: whether the stream was complete is for the provider's translator to judge.
 */
export function createSseReader({ maxEventLength, onEvent }: EventReaderNeeds): EventReader {
  let hasOverflowed = false;
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent,
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded') hasOverflowed = true;
    },
  });
  return {
    feed(text) {
      if (!hasOverflowed) parser.feed(text);
      return !hasOverflowed;
    },
  };
}
