import { setInterval } from 'node:timers/promises';
import { allOver, type Asked, type Question, type Scene } from './scene.ts';

/** Sends a request, and waits for its end. */
export async function askOne(scene: Scene, question: Question): Promise<Asked> {
  const asked = scene.ask(question);
  await asked.over;
  return asked;
}

/** Sends this many requests at once. */
export const startMany = (scene: Scene, count: number, question: Question): Asked[] =>
  Array.from({ length: count }, () => scene.ask(question));

/** Sends this many requests at once, and waits for the end of all. */
export async function askMany(scene: Scene, count: number, question: Question): Promise<Asked[]> {
  const asked = startMany(scene, count, question);
  await allOver(asked);
  return asked;
}

/** One request of {@link askEvenly}. */
export interface Timed {
  readonly request: Asked;
  readonly tookMs: number;
}

/** Sends requests at an even rate for a while, whatever their outcome, and waits for the end of all. */
export async function askEvenly(
  scene: Scene,
  { perSecond, forMs, ...question }: Question & { readonly perSecond: number; readonly forMs: number },
): Promise<Timed[]> {
  const startedAt = performance.now();
  const asked: Promise<Timed>[] = [];
  for await (const _ of setInterval(5)) {
    const sinceMs = performance.now() - startedAt;
    if (sinceMs >= forMs) break;
    while (asked.length < (sinceMs / 1000) * perSecond) asked.push(askTimed(scene, question));
  }
  return Promise.all(asked);
}

async function askTimed(scene: Scene, question: Question): Promise<Timed> {
  const askedAt = performance.now();
  const request = await askOne(scene, question);
  return { request, tookMs: request.endedAt - askedAt };
}
