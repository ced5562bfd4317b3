import { firstRetryState, type RetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { type Next, nextAttempt } from '../../src/run/next-attempt.ts';
import type { Choice } from '../../src/targets/fleet-health.ts';
import { candidateWith, progressWith } from './progress-scene.ts';
import { poolOf, targetWith } from '../scene.ts';

type Scene = NonNullable<Parameters<typeof progressWith>[0]>;

/** As in `2 u:a`, `wait 500` or `none`. */
function nameOf(next: Next): string {
  if (next.kind === 'none') return 'none';
  if (next.kind === 'wait') return `wait ${next.delayMs}`;
  const { candidate, number } = next.attempt;
  return `${number} ${candidate.target.upstream}:${candidate.credentialId}`;
}

const targets = [targetWith(), targetWith({ upstream: 'v', priority: 2 })];
const cooling: Choice = { kind: 'cooling', waitMs: 500 };
const go: Extract<Choice, { kind: 'go' }> = { kind: 'go', credentialId: 'a', isProbe: false, hasFailures: false };

describe('the next attempt', () => {
  it.each<[string, Scene, string]>([
    ['is at the next target of the plan', {}, '1 u:a'],
    ['is numbered over all runs of the request', { state: { attempts: 3, batchCalls: 2 } }, '6 u:a'],
    ['is at a fallback, if the first target is not free', { choices: [cooling] }, '1 v:a'],
    [
      'waits for the preferred target, if the policy says so',
      { choices: [cooling], policy: { waitForPreferredMs: 1000 } },
      'wait 500',
    ],
    ['is none if no target is free', { choices: [cooling, cooling] }, 'none'],
    ['is none after the deadline', { remainingMs: 0 }, 'none'],
    ['is none beyond the limit', { state: { attempts: 5 } }, 'none'],
  ])('%s', async (_what, scene, name) => {
    const { needs, progress } = progressWith({ targets, ...scene });
    expect(nameOf(await nextAttempt(needs, progress))).toBe(name);
  });

  it('is counted when it begins', async () => {
    const { needs, progress } = progressWith({ targets });
    await nextAttempt(needs, progress);
    expect(progress.tally.attempts).toBe(1);
  });

  it('uses the same credential once more after a renewed token, without asking for another', async () => {
    const { needs, progress, health } = progressWith({ targets });
    progress.again = candidateWith({ credentialId: 'b' });
    expect(nameOf(await nextAttempt(needs, progress))).toBe('1 u:b');
    expect(health.choose).not.toHaveBeenCalled();
    expect(nameOf(await nextAttempt(needs, progress))).toBe('2 u:a');
  });
});

describe('an extension', () => {
  const extensible = () => targetWith({ maxContinuations: 2, pool: poolOf('a', 'b') });
  const end = { finishReason: 'length', events: 0, burntTokens: 0 };

  async function extendWith(scene: Scene = {}, extensions = 0) {
    const target = extensible();
    const found = progressWith({ targets: [target], ...scene });
    const { needs, progress } = found;
    progress.extended = { candidate: candidateWith({ target }), end };
    for (let count = 0; count < extensions; count++) progress.tally.extend();
    return { ...found, next: await nextAttempt(needs, progress) };
  }

  it.each<[string, Scene, number, string]>([
    ['goes to the same target, on a credential that is free', { choices: [{ ...go, credentialId: 'b' }] }, 0, '1 u:b'],
    ['is not limited by the attempts', { state: { attempts: 5 } }, 1, '7 u:a'],
    ['is limited by its model', {}, 2, 'none'],
    ['is none after the deadline', { remainingMs: 0 }, 0, 'none'],
    ['is none while its target is not free', { choices: [cooling] }, 0, 'none'],
    ['is none without a credential for the request', { state: { forbidden: ['u/m#a', 'u/m#b'] } }, 0, 'none'],
  ])('%s', async (_what, scene, extensions, name) => {
    expect(nameOf((await extendWith(scene, extensions)).next)).toBe(name);
  });

  it('counts as an extension, not as an attempt', async () => {
    const { progress } = await extendWith();
    expect(progress.tally).toMatchObject({ attempts: 0, extensions: 1 });
  });

  it('is none while Redis is away: the answer so far is delivered', async () => {
    const target = extensible();
    const { needs, progress, health, onError } = progressWith({ targets: [target] });
    const error = new Error('Redis is away');
    health.choose.mockRejectedValue(error);
    progress.extended = { candidate: candidateWith({ target }), end };
    expect(await nextAttempt(needs, progress)).toEqual({ kind: 'none' });
    expect(onError).toHaveBeenCalledExactlyOnceWith(error);
  });
});

describe('the beginning of an answer', () => {
  async function answerWith(choice: Partial<Extract<Choice, { kind: 'go' }>>, state: Partial<RetryState> = {}) {
    const found = progressWith({ targets: [targetWith()], choices: [{ ...go, ...choice }], state });
    const next = await nextAttempt(found.needs, found.progress);
    if (next.kind === 'attempt') next.attempt.opening.sink.onAnswer();
    return found;
  }

  it('tells the ingress the target and the number of calls', async () => {
    const { frames } = await answerWith({}, { attempts: 2 });
    expect(frames).toEqual([
      { kind: 'answered', payload: { upstream: 'u', model: 'm', credential: 'a', attempts: 3 } },
    ]);
  });

  it.each([
    ['reports the recovery of a probe', { isProbe: true }, 1],
    ['reports the recovery of a target that failed lately', { hasFailures: true }, 1],
    ['reports nothing about a healthy target', {}, 0],
  ])('%s', async (_what, choice, times) => {
    const { health } = await answerWith(choice);
    expect(health.recovered).toHaveBeenCalledTimes(times);
  });

  it('puts the credentials in cooldown that the target refused for this request', async () => {
    const { health } = await answerWith({}, { ...firstRetryState, forbidden: ['u/m#b', 'v/m#c'] });
    expect(health.coolDown.mock.calls).toMatchObject([[{ upstreamId: 'u', credentialId: 'b' }, { isRefused: true }]]);
  });
});
