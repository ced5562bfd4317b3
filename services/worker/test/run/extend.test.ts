import { type ChatBody, type ChatJob, firstRetryState, type Usage } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';
import type { Choice } from '../../src/targets/fleet-health.ts';
import type { ChosenAttempt } from '../../src/attempt/chosen-attempt.ts';
import type { AttemptResult } from '../../src/attempt/attempt-result.ts';
import { run as serve } from '../../src/run.ts';
import { delta } from '../fake-upstream.ts';
import { claimedRunWith, jobWith, quietLogger, runNeedsWith, targetWith } from '../scene.ts';

const usage: Usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 };
const go = (credentialId: string, over: object = {}): Choice => ({
  kind: 'go',
  credentialId,
  isProbe: false,
  hasFailures: false,
  ...over,
});

/** The events of an attempt, and its result. */
interface Scripted {
  readonly events: readonly string[];
  readonly result: AttemptResult;
}
const counts = { events: 2, received: 2, wasCalled: true, wasResent: false, isTokenRefused: false };
const says = (text: string, finishReason = 'length'): Scripted => ({
  events: [delta(text), delta('', finishReason)],
  result: { kind: 'complete', summary: { usage, finishReason, responseModel: 'm' }, ...counts },
});
const aborted: Scripted = { events: [delta('tw')], result: { kind: 'aborted', ...counts, events: 1, received: 1 } };
const fails = (kind: 'server' | 'invalid_request'): Scripted => ({
  events: [],
  result: { kind: 'failed', failure: { kind, message: kind }, ...counts, events: 0, received: 0 },
});

interface Script {
  readonly calls: readonly Scripted[];
  readonly maxContinuations?: number;
  readonly job?: Partial<ChatJob>;
  readonly body?: ChatBody;
  /** For attempts that extend the answer. */
  readonly choice?: Choice | Error;
  /** Until the deadline, in ms: at the first look, at the second, … */
  readonly remainingMs?: readonly number[];
}

async function run(script: Script) {
  const target = targetWith({ prefill: 'assistant', maxContinuations: script.maxContinuations ?? 5 });
  const calls: ChosenAttempt[] = [];
  const failed: string[] = [];
  const remainingMs = [...(script.remainingMs ?? [])];
  const state = { ...firstRetryState, attempts: 1 };
  const job = jobWith({ state, ...script.job });
  let choices = 0;
  let text = '';
  const body = script.body ?? { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2 };
  const outcome = await serve(
    runNeedsWith({
      targetsOf: () => [target],
      makeAttempt(_run, chosen, { sink }) {
        const { events, result } = script.calls[calls.length] ?? says('never', 'stop');
        calls.push(chosen);
        for (const event of events) {
          const passed = sink.take(`data: ${event}\n\n`);
          if (passed !== '') sink.data(passed);
        }
        return Promise.resolve(result);
      },
      health: {
        choose() {
          if (choices++ === 0) return Promise.resolve(go('a', { isProbe: true, hasFailures: true }));
          const { choice = go('b') } = script;
          return choice instanceof Error ? Promise.reject(choice) : Promise.resolve(choice);
        },
      },
      logger: { ...quietLogger, warn: (fields: object) => void failed.push(String(Reflect.get(fields, 'kind'))) },
    }),
    claimedRunWith({
      job,
      body,
      active: createActiveRuns().open(job),
      onData: (piece) => (text += piece),
      remainingMs: () => remainingMs.shift() ?? 60_000,
    }),
  );
  const ends = [...text.matchAll(/"finish_reason":"(\w+)"/g)].map(([, reason]) => reason);
  return { outcome, calls, failed, ends };
}

const lastMessages = (calls: readonly ChosenAttempt[]): unknown[] =>
  calls.map(({ body }) => (body['messages'] as { content: string }[]).at(-1)?.content);

describe('an answer in full', () => {
  it('is asked for with its text so far, on a credential that is free now', async () => {
    const { outcome, calls, ends } = await run({ calls: [says('One '), says('two '), says('three', 'stop')] });
    expect(lastMessages(calls)).toEqual(['Hi', 'One ', 'One two ']);
    expect(calls.map(({ credentialId, number }) => [credentialId, number])).toEqual([
      ['a', 2],
      ['b', 3],
      ['b', 4],
    ]);
    expect(calls.map(({ isProbe }) => isProbe)).toEqual([true, false, false]);
    expect(calls.every(({ body }) => body['max_tokens'] === 2)).toBe(true);
    expect(outcome).toEqual({
      kind: 'end',
      attempts: 4,
      end: {
        continuations: 2,
        events: 6,
        burntTokens: 0,
        responseModel: 'm',
        finishReason: 'stop',
        usage: { prompt_tokens: 15, completion_tokens: 6, total_tokens: 21 },
      },
    });
    expect(ends).toEqual(['stop']);
  });

  it.each([
    ['as often as it may', { maxContinuations: 1, calls: [says('a'), says('b')] }, 1],
    ['once, if it may not', { maxContinuations: 0, calls: [says('a')] }, 0],
    ['until the deadline', { remainingMs: [100, 100, 0], calls: [says('a'), says('b')] }, 1],
    ['while a credential is free', { choice: { kind: 'cooling', waitMs: 1 } as const, calls: [says('a')] }, 0],
    ['while Redis can be asked for one', { choice: new Error('Command timed out'), calls: [says('a')] }, 0],
    ['once, where several are wanted', { body: { n: 2 }, calls: [says('a')] }, 0],
    ['once, if it is not a chat', { job: { operation: 'embeddings' as const }, calls: [says('a')] }, 0],
    ['until a further attempt fails', { calls: [says('a'), fails('server')] }, 1],
  ])('is asked for %s, and stays cut', async (_name, script, continuations) => {
    const { outcome, calls, ends } = await run(script);
    expect(outcome).toMatchObject({ kind: 'end', end: { finishReason: 'length' } });
    expect(outcome.kind === 'end' && (outcome.end.continuations ?? 0)).toBe(continuations);
    expect(calls).toHaveLength(continuations + 1);
    expect(ends).toEqual(['length']);
  });

  it('is asked for by an instruction if the target takes no prefill', async () => {
    const { calls, failed } = await run({ calls: [says('One '), fails('invalid_request'), says('two', 'stop')] });
    expect(failed).toEqual(['invalid_request']);
    expect(lastMessages(calls)).toEqual(['Hi', 'One ', expect.stringContaining('exactly where it stopped')]);
  });

  it('is given up, with its text so far, when the request is cancelled', async () => {
    const { outcome, ends } = await run({ calls: [says('One '), aborted] });
    expect(outcome).toMatchObject({ kind: 'error', events: 3, attempts: 3, error: { code: 'request_cancelled' } });
    expect(ends).toEqual([]);
  });

  it('is tried again when its first attempt fails', async () => {
    const { outcome, calls } = await run({ calls: [fails('server')] });
    expect(outcome).toMatchObject({ kind: 'retry', state: { attempts: 2 } });
    expect(calls).toHaveLength(1);
  });
});
