import type { Framing } from '@sluice/protocol';
import type { EventReader, EventReaderNeeds } from './reader.ts';
import { createLineReader } from './line-reader.ts';
import { createSseLineReader } from './sse-line-reader.ts';
import { createSseReader } from './sse-reader.ts';
import { isUnfinished } from './unfinished.ts';

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
