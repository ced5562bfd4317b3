import { isRedisUnavailable } from './unavailable.ts';

/** Joins what one turn of the event loop has for Redis, so that one script call does the work of several. */
export interface TurnBatches<Key, Item, Reply> {
  /**
   * Adds an item to this turn's call for this key. Resolves to its reply.
   * @throws the error of the call that held the item
   */
  add(key: Key, item: Item): Promise<Reply>;
  /** Sends the items at once, for a command that must not overtake them. */
  flush(): void;
}

export interface TurnBatchesNeeds<Key, Item, Reply> {
  /** Sends the items in one call. Resolves to a reply for each, in the same order. */
  readonly send: (key: Key, items: readonly Item[]) => Promise<readonly Reply[]>;
  /**
   * True if a call may be repeated. If a call of several items then fails for another reason than the absence of Redis,
   * each item is sent again alone, so that a bad one does not harm the others.
   */
  readonly isRepeatable: boolean;
}

/** Bounds the time for which one call occupies Redis. */
const mostItems = 50;

export function createTurnBatches<Key, Item, Reply>({
  send,
  isRepeatable,
}: TurnBatchesNeeds<Key, Item, Reply>): TurnBatches<Key, Item, Reply> {
  const batches = new Map<Key, Batch<Item, Reply>>();

  function open(key: Key): Batch<Item, Reply> {
    if (batches.size === 0) setImmediate(flush);
    const batch = { items: [], sent: Promise.withResolvers<readonly Reply[]>() };
    batches.set(key, batch);
    return batch;
  }

  function sendBatch(key: Key, { items, sent }: Batch<Item, Reply>): void {
    batches.delete(key);
    sent.resolve(send(key, items));
  }

  function flush(): void {
    for (const [key, batch] of batches) sendBatch(key, batch);
  }

  return {
    async add(key, item) {
      const batch = batches.get(key) ?? open(key);
      const { items, sent } = batch;
      const at = items.push(item) - 1;
      if (items.length === mostItems) sendBatch(key, batch);
      try {
        return replyAt(await sent.promise, at);
      } catch (error) {
        if (!isRepeatable || items.length === 1 || isRedisUnavailable(error)) throw error;
        return replyAt(await send(key, [item]), 0);
      }
    },
    flush,
  };
}

interface Batch<Item, Reply> {
  readonly items: Item[];
  readonly sent: PromiseWithResolvers<readonly Reply[]>;
}

function replyAt<Reply>(replies: readonly Reply[], at: number): Reply {
  const reply = replies[at];
  if (reply === undefined) throw new Error(`a call for several items has no reply for item ${at}`);
  return reply;
}
