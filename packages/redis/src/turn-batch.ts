import { isRedisUnavailable } from './unavailable.ts';

/** Joins what one turn of the event loop has for Redis, so that one script call does the work of several. */
export interface TurnBatch<Item> {
  /**
   * Adds an item to the call of this turn. Resolves after that call.
   * @throws the error of the call that held the item
   */
  add(item: Item): Promise<void>;
  /** Sends the items at once, for a command that must not overtake them. */
  flush(): void;
}

/** Bounds the time for which one call occupies Redis. */
const mostItems = 50;

/**
 * `send` must be safe to repeat: if a call of several items fails for another reason than the absence of Redis, each
 * item is sent again alone, so that a bad one does not harm the others.
 */
export function createTurnBatch<Item>(send: (items: readonly Item[]) => Promise<unknown>): TurnBatch<Item> {
  let batch: Batch<Item> | undefined;

  function open(): Batch<Item> {
    const sent = Promise.withResolvers<unknown>();
    setImmediate(flush);
    return (batch = { items: [], sent });
  }

  function flush(): void {
    if (batch === undefined) return;
    const { items, sent } = batch;
    batch = undefined;
    sent.resolve(send(items));
  }

  return {
    async add(item) {
      const { items, sent } = batch ?? open();
      items.push(item);
      if (items.length === mostItems) flush();
      try {
        await sent.promise;
      } catch (error) {
        if (items.length === 1 || isRedisUnavailable(error)) throw error;
        await send([item]);
      }
    },
    flush,
  };
}

interface Batch<Item> {
  readonly items: Item[];
  readonly sent: PromiseWithResolvers<unknown>;
}
