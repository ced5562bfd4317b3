import type { OutboxReader } from '@sluice/outbox';
import { isRefusedData } from '@sluice/store';

export interface DrainStream<Entry> {
  readonly reader: OutboxReader<Entry>;
  /** Batches of one transaction. */
  readonly pageBatches: number;
  /** Writes entries, all or none. Returns the number of new or replaced rows. */
  readonly insert: (entries: readonly Entry[]) => Promise<number>;
  /** Keeps an entry that can't be written. */
  readonly skip: (entry: string, reason: string) => Promise<void>;
  readonly onWritten: (rows: number) => void;
  /** Called before the page is removed from Redis. */
  readonly beforeDone: () => Promise<void>;
}

/**
 * Brings one page of an outbox into the database, and then removes it from Redis. Returns whether there may be more.
 * @throws any error but that of refused data; the page then stays in Redis
 */
export async function drainStream<Entry>(needs: DrainStream<Entry>): Promise<boolean> {
  const { reader, pageBatches, insert, skip, onWritten, beforeDone } = needs;
  const { entries, upToId, isFull } = await reader.read(pageBatches);
  if (upToId === undefined) return false;
  onWritten(await insertAll(entries, { insert, skip }));
  await beforeDone();
  await reader.done(upToId);
  return isFull;
}

/**
 * Writes entries; those that the database refuses are found by halves and skipped, one by one. Any other error is
 * thrown, because the same entries may be written later: after an outage, or by a version without a fault.
 */
async function insertAll<Entry>(
  entries: readonly Entry[],
  needs: Pick<DrainStream<Entry>, 'insert' | 'skip'>,
): Promise<number> {
  if (entries.length === 0) return 0;
  try {
    return await needs.insert(entries);
  } catch (error) {
    if (!isRefusedData(error)) throw error;
    if (entries.length === 1) {
      await needs.skip(JSON.stringify(entries[0]), error instanceof Error ? error.message : String(error));
      return 0;
    }
    const middle = Math.ceil(entries.length / 2);
    const first = await insertAll(entries.slice(0, middle), needs);
    return first + (await insertAll(entries.slice(middle), needs));
  }
}
