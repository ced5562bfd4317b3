import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import type { Service } from '../setup.ts';
import { median } from '../statistics.ts';

const pollMs = 5;
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 15_000;

/** Returns the time from the start of a service's process until it answers that it is ready, in ms: the median of several. */
export async function coldStartMs(service: Service, starts: number): Promise<number> {
  const times: number[] = [];
  for (let at = 0; at < starts; at += 1) times.push(await startOnce(service));
  return median(times);
}

/** @throws Error when the service ends or is not ready in time */
async function startOnce({ name, file, args, env, readyUrl }: Service): Promise<number> {
  const startedAt = performance.now();
  // Because of the channel it stops by itself when this process is killed.
  const child = spawn(file, args, {
    env: { ...process.env, ...env, SLUICE_SUPERVISED: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const exited = once(child, 'exit');
  try {
    while (!(await answers(readyUrl))) {
      if (child.exitCode !== null) throw new Error(`the ${name} ended with ${child.exitCode} before it was ready`);
      if (performance.now() - startedAt > readyTimeoutMs) {
        throw new Error(`the ${name} was not ready within ${readyTimeoutMs / 1000} s`);
      }
      await delay(pollMs);
    }
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
    await exited;
    clearTimeout(timer);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url);
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
