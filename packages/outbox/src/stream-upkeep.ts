import type { RedisConnection } from '@sluice/redis';

export interface StreamUpkeepNeeds {
  readonly connection: Pick<RedisConnection, 'pexpire' | 'memory' | 'xlen' | 'xtrim'>;
  readonly key: string;
  /** Most bytes of Redis's memory that the stream may take. Absent: nothing is shed there. */
  readonly streamBytes: number | undefined;
  /** Called with the number of batches that Redis dropped. */
  readonly onTrimmed: (batches: number) => void;
}

/** Life (ms) of a stream without a writer, so that a removed fleet leaves nothing behind. */
export const outboxLifeMs = 30 * 24 * 60 * 60 * 1000;

/** Renews the life of a stream, and drops its oldest batches if it takes too much of Redis's memory. */
export async function keepStream({ connection, key, streamBytes, onTrimmed }: StreamUpkeepNeeds): Promise<void> {
  await connection.pexpire(key, outboxLifeMs);
  if (streamBytes === undefined) return;
  const used = await connection.memory('USAGE', key);
  if (used === null || used <= streamBytes) return;
  const length = await connection.xlen(key);
  const trimmed = await connection.xtrim(key, 'MAXLEN', '~', Math.floor((length * 0.9 * streamBytes) / used));
  if (trimmed > 0) onTrimmed(trimmed);
}
