import { readFileSync, writeFileSync } from 'node:fs';
import { readSse, type ServiceProcess, type SseAnswer } from '@sluice/testkit';
import { ask } from '../sluice.ts';
import { freshPage, metricOf, openStream, readAnswer, tokensOf } from '../traffic.ts';
import type { Scene } from './scene.ts';

/** The value that this part of them does not exceed: 0.99 is the 99th percentile. */
export function percentile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * part) - 1)] ?? NaN;
}

/** Watches a process's resident memory from now on; the returned function tells by how many MiB it has grown at most. */
export function watchMemory({ pid }: ServiceProcess): () => number {
  // The kernel forgets the peak that it has seen so far.
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  const before = readMemory(pid, 'VmRSS');
  return () => readMemory(pid, 'VmHWM') - before;
}

/** Watches how long a process computes from now on; the returned function tells for how many milliseconds it has. */
export function watchCpu({ pid }: ServiceProcess): () => number {
  const before = readCpuMs(pid);
  return () => readCpuMs(pid) - before;
}

function readCpuMs(pid: number): number {
  // Behind the name, which may hold anything but a second `)`: user and system time in hundredths of a second.
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return 10 * ((user ?? NaN) + (system ?? NaN));
}

/** In MiB. */
function readMemory(pid: number, row: 'VmRSS' | 'VmHWM'): number {
  const kibibytes = new RegExp(`^${row}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) / 1024;
}

/** A stream with an even pace, and how far it kept to it. */
export interface Paced {
  /** By how much each pause between two pieces was longer than it should have been, in milliseconds. */
  readonly lags: readonly number[];
  /** The same of a stream without Sluice, read from the simulator at the same time: the machine's and the tests' share. */
  readonly directLags: readonly number[];
  /** Did the client get all of it? */
  readonly isWhole: boolean;
}

/** Reads a stream of one token after each `everyMs`, below the SDK, whose work would count as lag. */
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

/** The 99th percentile of the lag, less that of the streams that were read at the same time without Sluice. */
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

/** A metric of each worker, in their order. */
export const ofWorkers = ({ fleet }: Scene, name: string): Promise<number[]> =>
  Promise.all(fleet.workers.map(async ({ managementUrl }) => metricOf(await freshPage(managementUrl), name)));

/** Returns the number of credentials of an upstream that rest, as each worker sees it. */
export function coolingAt({ fleet }: Scene, id: string): Promise<number[]> {
  const row = new RegExp(`^sluice_credentials\\{(?=.*upstream="${id}")(?=.*state="cooling").*\\} (\\d+)$`, 'm');
  return Promise.all(
    fleet.workers.map(async ({ managementUrl }) => {
      const page = await freshPage(managementUrl);
      return Number(row.exec(page)?.[1]);
    }),
  );
}
