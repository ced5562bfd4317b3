import { availableParallelism, loadavg } from 'node:os';
import { until } from '@sluice/testkit';
import type { openaiClient } from '@sluice/testkit';

type Client = ReturnType<typeof openaiClient>;

/**
 * `whole`: it ended with a finish reason, as a complete answer does. `refused`: no answer began, because Redis took a second
 * to answer; by default the SDK would retry. `broken`: the SDK raised another error.
 */
export type Answer = 'whole' | 'refused' | 'broken' | 'truncated';

/** Counts each end. */
export const countEnds = (ends: readonly Answer[]): Partial<Record<Answer, number>> =>
  Object.fromEntries([...new Set(ends)].map((end) => [end, ends.filter((other) => other === end).length]));

/** Returns the streams that are not whole. On an overloaded machine a tenth may have been refused. */
export function notWhole(ends: readonly Answer[]): Answer[] {
  const others = ends.filter((end) => end !== 'whole');
  const refused = others.filter((end) => end === 'refused').length;
  return isMachineBusy() && refused <= ends.length / 10 ? others.filter((end) => end !== 'refused') : others;
}

/** Returns whether other work on this machine disturbs the measurement. */
export const isMachineBusy = (): boolean => (loadavg()[0] ?? 0) > availableParallelism();

/** A stream that runs. */
export interface Stream {
  readonly text: string;
  readonly end: Answer | undefined;
  readonly over: Promise<Answer>;
}

/** Starts streams with the same request. */
export function startStreams({
  client,
  count,
  model,
}: {
  readonly client: Client;
  readonly count: number;
  readonly model: string;
}): Stream[] {
  return Array.from({ length: count }, () => {
    const stream = { text: '', end: undefined as Answer | undefined };
    const over = read(client, model, (piece) => (stream.text += piece));
    return Object.assign(stream, { over: over.then((end) => (stream.end = end)) });
  });
}

/** Sends one request and returns the end of its answer. */
export const answer = (client: Client, model: string): Promise<Answer> => read(client, model, () => {});

/** Resolves when each stream has received some words. */
export async function untilAllSpeak(streams: readonly Stream[]): Promise<void> {
  await until(() => streams.every(({ text, end }) => text.length > 20 || end !== undefined), {
    what: 'every stream to speak',
    timeoutMs: 60_000,
  });
}

async function read(client: Client, model: string, onPiece: (piece: string) => void): Promise<Answer> {
  let isFinished = false;
  try {
    const stream = await client.chat.completions.create({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Tell me a story.' }],
    });
    for await (const { choices } of stream) {
      onPiece(choices[0]?.delta.content ?? '');
      isFinished ||= choices[0]?.finish_reason === 'stop';
    }
    return isFinished ? 'whole' : 'truncated';
  } catch (error) {
    if (isFinished) return 'whole';
    if (error instanceof Error && 'code' in error && error.code === 'redis_unavailable') return 'refused';
    process.stderr.write(`${model}: ${String(error)}\n`);
    return 'broken';
  }
}
