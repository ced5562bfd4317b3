import { readFileSync, writeFileSync } from 'node:fs';
import { readSse, type ServiceProcess, type SseAnswer } from '@sluice/testkit';
import { ask } from '../sluice.ts';
import { freshPage, metricOf, openStream, readAnswer, tokensOf } from '../traffic.ts';
import type { Scene } from './scene.ts';

/** Returns the value that this fraction of the values does not exceed: 0.99 is the 99th percentile. */
export function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)] ?? NaN;
}

/** Measures a process's resident memory from now on; the returned function gives the largest growth, in MiB. */
export function watchMemory({ pid }: ServiceProcess): () => number {
  // Resets the peak that the kernel has recorded so far.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = readMemory(pid, 'VmRSS');
  return () => readMemory(pid, 'VmHWM') - before;
}

/** Measures a process's CPU time from now on; the returned function gives it in milliseconds. */
export function watchCpu({ pid }: ServiceProcess): () => number {
  const before = readCpuMs(pid);
  return () => readCpuMs(pid) - before;
}

function readCpuMs(pid: number): number {
  // The name may contain anything but a second `)`; user and system time follow it, in hundredths of a second.
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return 10 * ((user ?? NaN) + (system ?? NaN));
}

/** Resident memory of a process, in MiB. */
function readMemory(pid: number, row: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${row}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}

/** A stream with an even pace, and its deviation from that pace. */
export interface Paced {
  /** Excess of each pause between two pieces, in milliseconds. */
  readonly lags: readonly number[];
  /** The same for a stream without Sluice, read from the simulator at the same time: the share of machine and test. */
  readonly directLags: readonly number[];
  /** True if the client got all of it. */
  readonly isWhole: boolean;
}

/** Reads a stream with one token each `everyMs`, without the SDK, whose work would count as lag. */
export async function readPaced(
  scene: Scene,
  { number, tokens, everyMs }: { number: number; tokens: number; everyMs: number },
): Promise<Paced> {
  const rid = `r${number}x`;
  const model = `demo-i${everyMs}-t${tokens}`;
  const [ours, direct] = await Promise.all([
    openStream(scene, { model, content: `rid=${rid}` }).then((answer) => readLags(answer, everyMs)),
    openDirectly(scene, { model, content: `rid=r77${number}x` }).then((answer) => readLags(answer, everyMs)),
  ]);
  const { text, isDone } = readAnswer(ours.answer);
  return { lags: ours.lags, directLags: direct.lags, isWhole: isDone && text === tokensOf(rid, tokens) };
}

/** Returns the 99th percentile of the lag, less that of the streams read without Sluice at the same time. */
export function addedLag(streams: readonly Paced[]): number {
  const p99 = (lags: readonly number[]): number => percentile(lags, 0.99);
  return p99(streams.flatMap(({ lags }) => lags)) - p99(streams.flatMap(({ directLags }) => directLags));
}

const openDirectly = (
  { simulatorProcess }: Scene,
  { model, content }: { readonly model: string; readonly content: string },
): Promise<SseAnswer> =>
  readSse(`${simulatorProcess.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer tok-direct', 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask(model, content), stream: true }),
  });

async function readLags(answer: SseAnswer, everyMs: number): Promise<{ answer: SseAnswer; lags: readonly number[] }> {
  const lags: number[] = [];
  let lastAt: number | undefined;
  for await (const piece of answer.pieces()) {
    const now = performance.now();
    if (lastAt !== undefined && piece !== '') lags.push(now - lastAt - everyMs);
    lastAt = now;
  }
  return { answer, lags };
}

/** Returns a metric of each worker, in the order of the workers. */
export const ofWorkers = ({ fleet }: Scene, name: string): Promise<number[]> =>
  Promise.all(fleet.workers.map(async ({ managementUrl }) => metricOf(await freshPage(managementUrl), name)));

/** Returns the number of an upstream's credentials in cooldown, as each worker sees it. */
export function coolingAt({ fleet }: Scene, id: string): Promise<number[]> {
  const row = new RegExp(`^sluice_credentials\\{(?=.*upstream="${id}")(?=.*state="cooling").*\\} (\\d+)$`, 'm');
  return Promise.all(
    fleet.workers.map(async ({ managementUrl }) => {
      const page = await freshPage(managementUrl);
      return Number(row.exec(page)?.[1]);
    }),
  );
}
