import { eventsOf, isObject, membersOf } from '@sluice/protocol';
import type { QueuedBlock } from './stream-blocks.ts';
import { type MessageState } from './stream-state.ts';

/** The part of a message that a client has got, for events that were passed on. */
export interface Watched {
  readonly state: MessageState;
  /** The message has ended. */
  readonly isOver: boolean;
}

/**
 * Follows events that are passed on unread, so that chat events can continue the same message after the upstream has broken
 * off. Parses only the events that begin or end something.
 */
export function watch(watched: Watched, events: string): Watched {
  if (!boundary.test(events)) return watched;
  return eventsOf(events).reduce(
    (now, { data }) => (boundary.test(data) ? watchEvent(now, parse(data)) : now),
    watched,
  );
}

const boundary = /"(?:message_start|message_stop|content_block_start|content_block_stop)"/;

function watchEvent(watched: Watched, event: unknown): Watched {
  const { type, index, content_block: block } = membersOf(event);
  const { state } = watched;
  const at = typeof index === 'number' ? index : state.queue.index;
  switch (type) {
    case 'message_start':
      return { ...watched, state: { ...state, hasBegun: true } };
    case 'message_stop':
      return { ...watched, isOver: true };
    case 'content_block_start':
      return { ...watched, state: { ...state, queue: { blocks: [toOpen(block)], isOpen: true, index: at } } };
    case 'content_block_stop':
      return { ...watched, state: { ...state, queue: { blocks: [], isOpen: false, index: at + 1 } } };
    default:
      return watched;
  }
}

function toOpen(block: unknown): QueuedBlock {
  switch (membersOf(block)['type']) {
    case 'text':
      return { kind: 'text', pending: '' };
    case 'thinking':
      return { kind: 'thinking', pending: '', text: '', signature: '' };
    default:
      // It ends before the next block, and gets no further piece.
      return { kind: 'whole', content: {}, signature: '' };
  }
}

function parse(data: string): unknown {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
