import type { EventReader, EventReaderNeeds } from './reader.ts';
import { createLineReader } from './line-reader.ts';
import { isUnfinished } from './unfinished.ts';

/**
 * Reads server-sent events of senders that omit blank lines: each `data:` line is an event, with the name and the
 * comment received since the previous one.
 */
export function createSseLineReader({ maxEventLength, onEvent }: EventReaderNeeds): EventReader {
  let event: string | undefined;
  let comment: string | undefined;
  return createLineReader(maxEventLength, (line, hasEnd) => {
    if (line.startsWith(':')) comment = line.slice(1).trim();
    else if (line.startsWith('event:')) event = line.slice('event:'.length).trim();
    else if (line.startsWith('data:')) {
      const data = line.slice('data:'.length).trimStart();
      if (hasEnd || !isUnfinished(data)) onEvent({ event, comment, data });
      event = undefined;
      comment = undefined;
    }
  });
}
