import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';

const commandTimeoutMs = 60_000;
/** Names of the append-only file of Redis 7 and of Redis 6. */
const names = ['appendonlydir', 'appendonly.aof'];

/** Returns whether an earlier version of the launcher let this server write an append-only file. */
export const hasAppendOnly = (data: string): boolean => names.some((name) => existsSync(join(data, name)));

/** Switches a server that has read its append-only file to snapshots, and removes the file. */
export async function leaveAppendOnly(url: string, data: string): Promise<void> {
  const redis = new Redis(url, { commandTimeout: commandTimeoutMs, lazyConnect: true });
  try {
    await redis.connect();
    await redis.config('SET', 'appendonly', 'no');
    await redis.save();
  } finally {
    redis.disconnect();
  }
  for (const name of names) rmSync(join(data, name), { recursive: true, force: true });
}
