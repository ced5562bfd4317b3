import type { Choice } from '@sluice/admission';
import type { ChatJob, Usage } from '@sluice/protocol';
import type { ChatBody } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import type { AttemptResult } from '../src/attempt.ts';
import type { ChosenCall } from '../src/call-target.ts';
import { answerInFull } from '../src/continue-answer.ts';
import { delta } from './fake-upstream.ts';
import { callWith, executionWith, jobWith, targetWith } from './scene.ts';

const usage: Usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const go: Choice = { kind: 'go', credentialId: 'b', isProbe: false, hasFailures: false };

/** What a call gives: its events, and how it ends. */
interface Scripted {
  readonly events: readonly string[];
  readonly result: AttemptResult;
}
const counts = { events: 2, received: 2 };
const says = (text: string, finishReason = 'length'): Scripted => ({
  events: [delta(text), delta('', finishReason)],
  result: { kind: 'complete', summary: { usage, finishReason, responseModel: 'm' }, ...counts },
});
const aborted: Scripted = { events: [delta('tw')], result: { kind: 'aborted', events: 1, received: 1 } };
const fails = (kind: 'server' | 'invalid_request'): Scripted => ({
  events: [],
  result: { kind: 'failed', failure: { kind, message: kind }, events: 0, received: 0 },
});

interface Script {
  readonly calls: readonly Scripted[];
  readonly maxContinuations?: number;
  readonly job?: Partial<ChatJob>;
  readonly body?: ChatBody;
  readonly choice?: Choice | Error;
  /** Until the deadline, in ms: at the first look, at the second, … */
  readonly remainingMs?: readonly number[];
}

async function run(script: Script) {
  const target = targetWith({ prefill: 'assistant', maxContinuations: script.maxContinuations ?? 5 });
  const calls: ChosenCall[] = [];
  const failed: string[] = [];
  const remainingMs = [...(script.remainingMs ?? [])];
  let text = '';
  const body = script.body ?? { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 };
  const result = await answerInFull(
    {
      callTarget(execution, call) {
        const { events, result } = script.calls[calls.length] ?? says('never', 'stop');
        calls.push(call);
        for (const event of events) execution.publisher.data(`data: ${event}\n\n`);
        return Promise.resolve(result);
      },
      health: {
        choose() {
          const { choice = go } = script;
          return choice instanceof Error ? Promise.reject(choice) : Promise.resolve(choice);
        },
      },
      onFailed: (_call, { failure }) => Promise.resolve(void failed.push(failure.kind)),
    },
    executionWith({
      job: jobWith(script.job),
      body,
      onData: (piece) => (text += piece),
      remainingMs: () => remainingMs.shift() ?? 60_000,
    }),
    {
      first: callWith({ target, body, isProbe: true, hasFailures: true, attempts: 2 }),
      fitted: body,
      prefill: 'assistant',
    },
  );
  const ends = [...text.matchAll(/"finish_reason":"(\w+)"/g)].map(([, reason]) => reason);
  return { result, calls, failed, ends };
}

const lastMessages = (calls: readonly ChosenCall[]): unknown[] =>
  calls.map(({ body }) => (body['messages'] as { content: string }[]).at(-1)?.content);

describe('an answer in full', () => {
  it('is asked for with what there is of it, on a credential that is free now', async () => {
    const { result, calls, ends } = await run({ calls: [says('One '), says('two '), says('three', 'stop')] });
    expect(lastMessages(calls)).toEqual(['Hi', 'One ', 'One two ']);
    expect(calls.map(({ credentialId, attempts, rescue }) => [credentialId, attempts, rescue])).toEqual([
      ['a', 2, undefined],
      ['b', 3, 'continue'],
      ['b', 4, 'continue'],
    ]);
    expect(calls.map(({ isProbe }) => isProbe)).toEqual([true, false, false]);
    expect(calls.every(({ body }) => body['max_tokens'] === 2)).toBe(true);
    expect(result).toMatchObject({
      kind: 'complete',
      continuations: 2,
      events: 6,
      summary: { finishReason: 'stop', usage: { prompt_tokens: 15, completion_tokens: 6, total_tokens: 21 } },
    });
    expect(ends).toEqual(['stop']);
  });

  it.each([
    ['as often as it may', { maxContinuations: 1, calls: [says('a'), says('b')] }, 1],
    ['once, if it may not', { maxContinuations: 0, calls: [says('a')] }, 0],
    ['until the deadline', { remainingMs: [100, 0], calls: [says('a'), says('b')] }, 1],
    ['while a credential is free', { choice: { kind: 'cooling', waitMs: 1 } as const, calls: [says('a')] }, 0],
    ['while Redis can be asked for one', { choice: new Error('Command timed out'), calls: [says('a')] }, 0],
    ['once, where several are wanted', { body: { n: 2 }, calls: [says('a')] }, 0],
    ['once, where it is no chat', { job: { operation: 'embeddings' as const }, calls: [says('a')] }, 0],
    ['until a further call fails', { calls: [says('a'), fails('server')] }, 1],
  ])('is asked for %s, and stays cut', async (_name, script, continuations) => {
    const { result, calls, ends } = await run(script);
    expect(result).toMatchObject({ kind: 'complete', continuations, summary: { finishReason: 'length' } });
    expect(calls).toHaveLength(continuations + 1);
    expect(ends).toEqual(['length']);
  });

  it('is asked for in words where nothing may be put into the mouth of the model', async () => {
    const { calls, failed } = await run({ calls: [says('One '), fails('invalid_request'), says('two', 'stop')] });
    expect(failed).toEqual(['invalid_request']);
    expect(lastMessages(calls)).toEqual(['Hi', 'One ', expect.stringContaining('exactly where it stopped')]);
  });

  it('is given up, with all that came of it, when nobody wants it any more', async () => {
    const { result, ends } = await run({ calls: [says('One '), aborted] });
    expect(result).toEqual({ kind: 'aborted', events: 3, received: 3, continuations: 1 });
    expect(ends).toEqual([]);
  });

  it('fails where something is wrong with us', async () => {
    await expect(run({ choice: new Error('a bug'), calls: [says('a')] })).rejects.toThrow('a bug');
  });

  it('fails where the first call fails', async () => {
    const { result, failed } = await run({ calls: [fails('server')] });
    expect(result).toMatchObject({ kind: 'failed', continuations: 0 });
    expect(failed).toEqual([]);
  });
});
