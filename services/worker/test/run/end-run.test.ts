import { type ChatBody, GatewayError } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { type AttemptResult, withoutCall } from '../../src/attempt/attempt-result.ts';
import { complete, end, giveBack, giveUp } from '../../src/run/end-run.ts';
import { candidateWith, progressWith } from './progress-scene.ts';
import { targetWith } from '../scene.ts';

type Complete = Extract<AttemptResult, { kind: 'complete' }>;

const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
const completeWith = (finishReason: string): Complete => ({
  kind: 'complete',
  summary: { usage, finishReason, responseModel: 'm-1' },
  events: 2,
  received: 2,
  wasCalled: true,
  wasResent: false,
  isTokenRefused: false,
});
const extensible = targetWith({ maxContinuations: 1 });

describe('a complete attempt', () => {
  it('ends the run, with the counts of all attempts', () => {
    const { progress } = progressWith();
    progress.tally.begin();
    progress.tally.begin();
    progress.tally.pass(2);
    progress.tally.burn(9);
    expect(complete(progress, candidateWith(), completeWith('stop'))).toEqual({
      kind: 'end',
      end: { usage, finishReason: 'stop', responseModel: 'm-1', events: 2, burntTokens: 9 },
      attempts: 2,
    });
  });

  it.each([
    ['is extended when it met its length limit', 'length', extensible, 0, false],
    ['is not extended after its own end', 'stop', extensible, 0, true],
    ['is not extended if the model has no extensions', 'length', targetWith(), 0, true],
    ['is not extended once more than the model allows', 'length', extensible, 1, true],
  ])('%s', (_what, finishReason, target, extensions, isOver) => {
    const body: ChatBody = { messages: [{ role: 'user', content: 'Hi' }] };
    const { progress } = progressWith({ targets: [target], body });
    const candidate = candidateWith({ target, fitted: body });
    progress.tally.begin();
    const { sink } = progress.answer.begin(candidate, progress.state, () => undefined);
    sink.data('data: {"choices":[{"index":0,"delta":{"role":"assistant","content":"Hello"}}]}\n\n');
    for (let count = 0; count < extensions; count++) progress.tally.extend();
    const outcome = complete(progress, candidate, completeWith(finishReason));
    expect(outcome !== undefined).toBe(isOver);
    expect(progress.extended).toMatchObject({ candidate, end: { finishReason } });
  });
});

describe('the end of a run', () => {
  const last = { usage, finishReason: 'stop', responseModel: 'm', events: 0, burntTokens: 0 };

  it('leaves out a usage that can not be true', () => {
    const { progress } = progressWith();
    const outcome = end(progress, { ...last, usage: { ...usage, completion_tokens: -1 } });
    expect(outcome).toMatchObject({ kind: 'end', end: { usage: undefined, finishReason: 'stop' } });
  });

  it('tells the extensions, and counts them as calls', () => {
    const { progress } = progressWith();
    progress.tally.begin();
    progress.tally.extend();
    progress.tally.extend();
    expect(end(progress, last)).toMatchObject({ attempts: 3, end: { continuations: 2 } });
  });
});

describe('a run that is interrupted', () => {
  const aborted: AttemptResult = { ...withoutCall({ kind: 'aborted' }), events: 3, received: 4 };

  it.each(['cancelled', 'ingress_lost'] as const)('ends if no client waits for it: %s', (reason) => {
    const { progress, runs } = progressWith();
    progress.tally.begin();
    progress.tally.pass(3);
    runs.abortAll(reason);
    expect(giveUp(progress, aborted)).toMatchObject({
      kind: 'error',
      error: { code: 'request_cancelled' },
      attempts: 1,
      events: 3,
    });
  });

  it('goes back to the ingress when its worker stops, with the tokens that it has cost', () => {
    const { progress, runs } = progressWith();
    progress.tally.begin();
    runs.abortAll('draining');
    expect(giveUp(progress, aborted)).toMatchObject({
      kind: 'retry',
      delayMs: 0,
      error: { code: 'worker_lost' },
      state: { attempts: 1, burntTokens: 4 },
    });
  });

  it('tells the next run which targets want to be left alone', () => {
    const target = targetWith();
    const { progress, clock } = progressWith({ targets: [target], state: { waits: 2 } });
    progress.plan.note(target, { kind: 'failed', retryAfterMs: 3000 });
    clock.nowMs = 1000;
    expect(giveBack(progress, new GatewayError('upstream_error'))).toMatchObject({
      kind: 'retry',
      state: { waits: 2, away: [{ target: 'u/m', ms: 2000 }] },
    });
  });
});
