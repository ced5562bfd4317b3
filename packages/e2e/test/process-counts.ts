import { existsSync, readFileSync } from 'node:fs';
import type { RedisConnection } from '@sluice/redis';

/** Counts of work since the start of a process, by name. They do not depend on the speed of the machine. */
export type Counts<Name extends string> = Readonly<Record<Name, number>>;

/** `wakeUps`: times that the main thread slept and woke up. `reads`, `writes`: system calls of all threads. */
export type ProcessCount = 'wakeUps' | 'reads' | 'writes';

/** `reads`, `writes`: system calls on its sockets. `commands`: those inside scripts included. */
export type RedisCount = 'reads' | 'writes' | 'commands';

/** True where the kernel counts for each process (Linux). */
export const isCounted = existsSync('/proc/self/io');

/** Returns the counts of a process of this machine. */
export function countsOf(pid: number): Counts<ProcessCount> {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  return {
    wakeUps: numberIn(readFileSync(`/proc/${pid}/status`, 'utf8'), /^voluntary_ctxt_switches:\s+(\d+)/m),
    reads: numberIn(io, /^syscr: (\d+)/m),
    writes: numberIn(io, /^syscw: (\d+)/m),
  };
}

/** Returns the counts of a Redis, which need not be a process of this machine. */
export async function countsOfRedis(redis: RedisConnection): Promise<Counts<RedisCount>> {
  const info = await redis.info('stats');
  return {
    reads: numberIn(info, /^total_reads_processed:(\d+)/m),
    writes: numberIn(info, /^total_writes_processed:(\d+)/m),
    commands: numberIn(info, /^total_commands_processed:(\d+)/m),
  };
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
