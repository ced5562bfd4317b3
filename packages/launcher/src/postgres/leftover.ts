import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { hasCode, readIfThere } from '../bare/files.mjs';
import { livingProcess, processIdentity } from '../bare/process-identity.mjs';

const graceMs = 10_000;
const pollMs = 20;

/**
 * Ends the server of a launcher that was killed, and removes the lock of a server that was killed: its process id may belong
 * to another process since, and PostgreSQL would refuse to start.
 *
 * @param data folder of the server, which no other launcher uses
 */
export async function endLeftover(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const pid = Number.parseInt(readIfThere(lock) ?? '', 10);
  const identity = pid > 0 && isServerOf(pid, data) ? processIdentity(pid) : undefined;
  if (identity !== undefined) await end(identity);
  rmSync(lock, { force: true });
}

async function end(identity: string): Promise<void> {
  const startedAt = performance.now();
  let sent: NodeJS.Signals | undefined;
  for (let pid = livingProcess(identity); pid !== undefined; pid = livingProcess(identity)) {
    const signal = performance.now() - startedAt < graceMs ? 'SIGINT' : 'SIGQUIT';
    if (signal !== sent) signalTo(pid, signal);
    sent = signal;
    await delay(pollMs);
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Returns whether a process is the server of this folder, which its command line names. */
const isServerOf = (pid: number, data: string): boolean => commandLine(pid).includes(data);

function commandLine(pid: number): string {
  if (process.platform === 'linux') return readIfThere(`/proc/${pid}/cmdline`) ?? '';
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? '';
}
