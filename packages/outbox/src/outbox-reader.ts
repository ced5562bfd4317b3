import type { RedisConnection } from '@sluice/redis';
import type { z } from 'zod';

/** Reads the stream of an outbox from its start. One process reads at a time; nothing here prevents a second one. */
export interface OutboxReader<Entry> {
  /** Returns the entries of the oldest `count` batches. They stay in the stream until `done`. */
  read(count: number): Promise<OutboxPage<Entry>>;
  /** Removes everything up to this id, inclusive: the database has it. */
  done(upToId: string): Promise<void>;
  lag(): Promise<OutboxLag>;
}

export interface OutboxPage<Entry> {
  readonly entries: readonly Entry[];
  /** Id of the last batch; undefined if the stream is empty. */
  readonly upToId: string | undefined;
  /** Number of entries that were left out, because they are not valid. */
  readonly broken: number;
  /** There may be more. */
  readonly isFull: boolean;
}

export interface OutboxLag {
  /** Number of batches. */
  readonly length: number;
  /** Age of the oldest batch on Redis's clock; 0 if there is none. */
  readonly oldestAgeMs: number;
}

export interface OutboxReaderNeeds<Entry> {
  readonly connection: Pick<RedisConnection, 'time' | 'xlen' | 'xrange' | 'xtrim'>;
  readonly key: string;
  readonly schema: z.ZodType<Entry>;
  /** Called for each entry that is left out, with the id of its batch and the reason. */
  readonly onBroken: (id: string, reason: string) => void;
}

export function createOutboxReader<Entry>(needs: OutboxReaderNeeds<Entry>): OutboxReader<Entry> {
  const { connection, key } = needs;
  return {
    async read(count) {
      const batches = await connection.xrange(key, '-', '+', 'COUNT', count);
      const entries: Entry[] = [];
      let broken = 0;
      for (const [id, fields] of batches) broken += readBatch(needs, { id, fields, entries });
      return { entries, upToId: batches.at(-1)?.[0], broken, isFull: batches.length === count };
    },

    async done(upToId) {
      await connection.xtrim(key, 'MINID', '=', idAfter(upToId));
    },

    async lag() {
      const [length, [oldest], [seconds, microseconds]] = await Promise.all([
        connection.xlen(key),
        connection.xrange(key, '-', '+', 'COUNT', 1),
        connection.time(),
      ]);
      if (oldest === undefined) return { length, oldestAgeMs: 0 };
      const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
      return { length, oldestAgeMs: Math.max(0, nowMs - timeOf(oldest[0])) };
    },
  };
}

interface Batch<Entry> {
  readonly id: string;
  readonly fields: readonly string[];
  /** Gets the valid entries. */
  readonly entries: Entry[];
}

/** Reads a batch: a JSON array, or one entry alone. Returns the number of invalid entries. */
function readBatch<Entry>(
  { schema, onBroken }: OutboxReaderNeeds<Entry>,
  { id, fields, entries }: Batch<Entry>,
): number {
  const value = parse(fields[fields.indexOf('e') + 1] ?? '');
  let broken = 0;
  for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
    const { success, data, error } = schema.safeParse(each);
    if (success) {
      entries.push(data);
      continue;
    }
    broken++;
    onBroken(id, error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  }
  return broken;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const timeOf = (id: string): number => Number(id.slice(0, id.indexOf('-')));

/** Returns the smallest id after this one. */
function idAfter(id: string): string {
  const at = id.indexOf('-');
  return `${id.slice(0, at)}-${BigInt(id.slice(at + 1)) + 1n}`;
}
