import type { RetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import type { FailedAttempt } from '../../src/attempt/attempt-result.ts';
import { afterFailure } from '../../src/run/after-failure.ts';
import type { Outcome } from '../../src/run/claimed-run.ts';
import type { Candidate } from '../../src/run/plan.ts';
import { candidateWith, failedWith, nextWith, progressWith } from './progress-scene.ts';
import { sinkWith, targetWith } from '../scene.ts';

const target = targetWith();
const fallback = targetWith({ upstream: 'v', priority: 2 });
const server = failedWith({ kind: 'server', message: 'overloaded', status: 503 });
const tokenRefused = failedWith({ kind: 'authentication', message: 'expired' }, { isTokenRefused: true });
const prefillRefused = failedWith({ kind: 'invalid_request', message: 'prefill is not supported' });

interface Failed {
  readonly result: FailedAttempt;
  /** Attempts so far, this one included; the policy allows 5. */
  readonly attempts?: number;
  readonly state?: Partial<RetryState>;
  readonly candidate?: Partial<Candidate>;
  readonly isPrefilled?: boolean;
  /** The attempt was to extend an answer. */
  readonly isExtension?: boolean;
  readonly remainingMs?: number;
  readonly sameTarget?: number;
}

/** Lets an attempt at `u/m` fail, which has the fallback `v/m`. */
async function failWith({ result, attempts = 1, state = {}, isPrefilled = false, ...over }: Failed) {
  const { remainingMs = 60_000, sameTarget = 1 } = over;
  const scene = progressWith({ targets: [target, fallback], state, remainingMs, policy: { sameTarget } });
  const { needs, progress } = scene;
  const candidate = candidateWith({ target, ...over.candidate });
  for (let count = 0; count < attempts; count++) progress.tally.begin();
  const end = { usage: undefined, finishReason: 'length', responseModel: 'm', events: 0, burntTokens: 0 };
  if (over.isExtension === true) progress.extended = { candidate, end };
  const opening = { body: {}, sink: sinkWith(), isPrefilled };
  const outcome = await afterFailure(needs, progress, { next: nextWith({ candidate, opening }), result });
  return { ...scene, outcome, candidate };
}

/** As in `error upstream_error`, `retry 0`, `end length`; undefined if another attempt follows. */
function nameOf(outcome: Outcome | undefined): string | undefined {
  if (outcome === undefined) return undefined;
  if (outcome.kind === 'retry') return `retry ${outcome.delayMs}`;
  return outcome.kind === 'end' ? `end ${outcome.end.finishReason}` : `error ${outcome.error.code}`;
}

const broken = failedWith({ kind: 'truncated', message: 'cut' }, { events: 3, received: 3 });
const invalid = failedWith({ kind: 'invalid_request', message: 'no such field' });
const diverged = failedWith({ kind: 'diverged', message: '' });
const stall = { kind: 'timeout', message: 'The provider stopped answering.', target: 'v/m' } as const;

describe('after a failed attempt', () => {
  it.each<[string, Failed, string | undefined]>([
    ['another attempt follows', { result: server }, undefined],
    ['the end of the round decides about the last attempt', { result: server, attempts: 5 }, undefined],
    ['the end of the round decides after the deadline', { result: server, remainingMs: 0 }, undefined],
    ['the request fails if no target will serve it', { result: invalid }, 'error upstream_rejected'],
    ['the ingress gets a broken stream back at once', { result: broken }, 'retry 0'],
    ['a broken stream fails with the last attempt', { result: broken, attempts: 5 }, 'error upstream_truncated'],
    ['a broken stream fails at the deadline', { result: broken, remainingMs: 0 }, 'error upstream_truncated'],
    [
      'the client hears of a stall elsewhere, not of the text that differs after it',
      { result: diverged, state: { stalled: ['v/m', 'v/m'], lastFailure: stall } },
      'error upstream_timeout',
    ],
    [
      'the client hears that the text of the stalled target itself differs',
      { result: diverged, state: { stalled: ['u/m'], lastFailure: stall } },
      'error upstream_truncated',
    ],
    ['the request waits for its first target, if the policy says so', { result: server, sameTarget: 3 }, 'retry 100'],
    ['an answer that could not be extended ends as it is', { result: server, isExtension: true }, 'end length'],
    ['an extension gets no renewed token', { result: tokenRefused, isExtension: true }, 'end length'],
  ])('%s', async (_what, failed, name) => {
    expect(nameOf((await failWith(failed)).outcome)).toBe(name);
  });

  it('the error tells the attempts, the events and the failure', async () => {
    const { outcome } = await failWith({ result: broken, attempts: 5 });
    expect(outcome).toMatchObject({ attempts: 5, events: 3, lastFailure: { kind: 'truncated', target: 'u/m' } });
  });

  it('its tokens are counted, and its line is logged', async () => {
    const { progress, warn } = await failWith({ result: { ...server, received: 7 }, attempts: 2 });
    expect(progress.tally.burntTokens).toBe(7);
    expect(warn.mock.calls).toMatchObject([
      [
        { target: 'u/m', credential: 'a', kind: 'server', status: 503, remedy: 'retry', reason: 'overloaded' },
        'attempt 2 of 5 failed',
      ],
    ]);
  });

  it.each<[string, Failed, readonly string[]]>([
    ['another attempt follows', { result: server }, ['upstream_error']],
    ['the ingress tries again', { result: broken }, ['upstream_truncated']],
    ['the request fails', { result: invalid }, []],
    ['the answer ends as it is', { result: server, isExtension: true }, []],
  ])('a retry is counted only if one follows: %s', async (_what, failed, codes) => {
    const { retried } = await failWith(failed);
    expect(retried.mock.calls).toEqual(codes.map((code) => ['u', code]));
  });
});

describe('a refused access token', () => {
  it('is renewed for another call with the same credential', async () => {
    const { outcome, progress, candidate, health, retried, warn } = await failWith({ result: tokenRefused });
    expect(outcome).toBeUndefined();
    expect(progress.again).toEqual(candidate);
    expect(progress.state).toMatchObject({ renewedTokens: ['u/a'], lastFailure: { kind: 'authentication' } });
    expect(health.coolDown).not.toHaveBeenCalled();
    expect(retried).toHaveBeenCalledExactlyOnceWith('u', 'upstream_authentication');
    expect(warn.mock.calls).toMatchObject([[{ remedy: 'renew_token' }, 'attempt 1 of 5 failed']]);
  });

  it('of a probe closes the circuit, and the next call is an ordinary one', async () => {
    const { progress, health } = await failWith({ result: tokenRefused, candidate: { isProbe: true } });
    expect(health.recovered).toHaveBeenCalledExactlyOnceWith(
      { upstreamId: 'u', model: 'm' },
      { tenant: 't', credentialId: 'a' },
    );
    expect(progress.again?.isProbe).toBe(false);
  });

  it.each<[string, Partial<Failed>]>([
    ['for a second time', { state: { renewedTokens: ['u/a'] } }],
    ['after the last attempt', { attempts: 5 }],
  ])('puts its credential in cooldown %s', async (_when, over) => {
    const { progress, health } = await failWith({ result: tokenRefused, ...over });
    expect(progress.again).toBeUndefined();
    expect(health.coolDown.mock.calls).toMatchObject([[{ credentialId: 'a' }, { isRefused: true }]]);
  });
});

describe('a refused prefill', () => {
  it('does not count as a failure: the next attempt begins the answer anew', async () => {
    const { outcome, progress, retried, warn } = await failWith({ result: prefillRefused, isPrefilled: true });
    expect(outcome).toBeUndefined();
    expect(progress.state.withoutPrefill).toEqual(['u/m']);
    expect(progress.state.lastFailure).toBeUndefined();
    expect(progress.plan.standings()).toEqual([]);
    expect(retried).toHaveBeenCalledOnce();
    expect(warn.mock.calls).toMatchObject([[{ remedy: 'begin_anew' }, 'attempt 1 of 5 failed']]);
  });

  it('of a probe closes the circuit', async () => {
    const candidate = { isProbe: true };
    const { health } = await failWith({ result: prefillRefused, isPrefilled: true, candidate });
    expect(health.recovered).toHaveBeenCalledOnce();
  });

  it('of an extension leads to another extension, without prefill', async () => {
    const { outcome, progress } = await failWith({ result: prefillRefused, isPrefilled: true, isExtension: true });
    expect(outcome).toBeUndefined();
    expect(progress.state.withoutPrefill).toEqual(['u/m']);
  });

  it.each<[string, Failed]>([
    ['another failure', { result: server, isPrefilled: true }],
    ['a request without prefill', { result: invalid }],
    ['an answer that has begun', { result: { ...prefillRefused, events: 1 }, isPrefilled: true }],
  ])('is not assumed for %s', async (_what, failed) => {
    expect((await failWith(failed)).progress.state.withoutPrefill).toEqual([]);
  });
});
