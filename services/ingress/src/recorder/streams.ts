import { createOutboxReader, type OutboxReader } from '@sluice/outbox';
import { attemptEntrySchema, bodyEntrySchema, requestEntrySchema, requestLogSchema } from '@sluice/records';
import type { Keys, RedisConnection } from '@sluice/redis';
import { type RecordWriter, skipEntry, type Store } from '@sluice/store';
import type { z } from 'zod';
import { drainStream } from './drain-stream.ts';
import type { Log, StreamLag, StreamName } from './recorder-state.ts';

/** An outbox on its way into the database. */
export interface RecordedStream {
  readonly name: StreamName;
  /** Brings one page into the database; returns whether there may be more. */
  drain(): Promise<boolean>;
  lag(): Promise<StreamLag>;
}

export interface StreamsNeeds {
  readonly connection: RedisConnection;
  readonly keys: Pick<Keys, StreamName>;
  readonly store: Store;
  readonly writer: RecordWriter;
  readonly log: Log;
  readonly onWritten: (name: StreamName, rows: number) => void;
  readonly onSkipped: (name: StreamName) => void;
}

/**
 * Most batches of a page. One request is one batch of the ledger; of the others, a batch is a turn of the event loop. A batch of
 * bodies may have 3 MB.
 */
const mostBatches = { ledger: 500, attempts: 100, logs: 50, bodies: 8 };
/**
 * Batches of the first page. A page that fails is read again with a quarter of its batches, and each success doubles them:
 * after an outage of Redis a batch holds thousands of entries, and a full page would exceed the time of a statement or the
 * memory of the thread again and again.
 */
const firstBatches = 8;

export function createStreams(needs: StreamsNeeds): readonly RecordedStream[] {
  const { keys, writer } = needs;
  return [
    streamOf(needs, {
      name: 'ledger',
      key: keys.ledger,
      schema: requestEntrySchema,
      insert: writer.insertRequestEntries,
    }),
    streamOf(needs, {
      name: 'attempts',
      key: keys.attempts,
      schema: attemptEntrySchema,
      insert: writer.insertAttemptEntries,
    }),
    streamOf(needs, { name: 'logs', key: keys.logs, schema: requestLogSchema, insert: writer.insertRequestLogs }),
    streamOf(needs, { name: 'bodies', key: keys.bodies, schema: bodyEntrySchema, insert: writer.insertBodies }),
  ];
}

interface StreamKind<Entry> {
  readonly name: StreamName;
  readonly key: string;
  readonly schema: z.ZodType<Entry>;
  readonly insert: (entries: readonly Entry[]) => Promise<number>;
}

function streamOf<Entry>(needs: StreamsNeeds, { name, key, schema, insert }: StreamKind<Entry>): RecordedStream {
  const { connection, store, log, onWritten, onSkipped } = needs;
  /** Batches with invalid entries, with the reasons. */
  const broken = new Map<string, string>();
  const reader: OutboxReader<Entry> = createOutboxReader({
    connection,
    key,
    schema,
    onBroken: (id, reason) => void broken.set(id, reason),
  });

  async function skip(entry: string, reason: string): Promise<void> {
    // Nothing removes skipped entries, and a body must not stay longer than its retention.
    if (name === 'bodies') {
      onSkipped(name);
      return log('error', 'a body can not be recorded', { reason });
    }
    await skipEntry(store.db, { stream: name, entry, reason });
    onSkipped(name);
    log('error', 'an entry can not be recorded; the table skipped_entries has it', { stream: name, reason });
  }

  /** The reader leaves out invalid entries; their batch is kept before it is removed from Redis. */
  async function keepBroken(): Promise<void> {
    for (const [id, reason] of broken) {
      const [batch] = await connection.xrange(key, id, id);
      if (batch !== undefined) await skip(JSON.stringify(batch[1]), reason);
      broken.delete(id);
    }
  }

  const page = { reader, insert, skip, onWritten: (rows: number) => onWritten(name, rows), beforeDone: keepBroken };
  let pageBatches = firstBatches;
  return {
    name,
    async drain() {
      try {
        const hasMore = await drainStream({ ...page, pageBatches });
        pageBatches = Math.min(mostBatches[name], pageBatches * 2);
        return hasMore;
      } catch (error) {
        pageBatches = Math.max(1, Math.floor(pageBatches / 4));
        throw error;
      }
    },
    async lag() {
      const { length, oldestAgeMs } = await reader.lag();
      return { batches: length, oldestAgeMs };
    },
  };
}
