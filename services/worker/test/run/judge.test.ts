import { classify, type Standing } from '@sluice/policy';
import { firstRetryState, type RetryState, type UpstreamFailure } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import type { FailedAttempt } from '../../src/attempt/attempt-result.ts';
import { coolDownForbidden, judge } from '../../src/run/judge.ts';
import type { Candidate } from '../../src/run/plan.ts';
import { candidateWith, failedWith, progressWith } from './progress-scene.ts';
import { targetWith } from '../scene.ts';

interface Judged {
  readonly failure: Partial<UpstreamFailure>;
  readonly result?: Partial<FailedAttempt>;
  readonly candidate?: Partial<Candidate>;
  readonly state?: Partial<RetryState>;
  readonly isWhole?: boolean;
  readonly sameTarget?: number;
}

/** Judges one failure of the target `u/m`. */
async function judgeWith({ failure: given, result, candidate, state, isWhole = false, sameTarget = 1 }: Judged) {
  const target = targetWith();
  const scene = progressWith({ targets: [target], policy: { sameTarget } });
  const { needs, progress } = scene;
  const failure: UpstreamFailure = { kind: 'server', message: '', ...given };
  const judgement = await judge(needs, {
    job: progress.claimedRun.job,
    candidate: candidateWith({ target, ...candidate }),
    result: failedWith(failure, result),
    plan: progress.plan,
    state: { ...firstRetryState, ...state },
    remedy: classify(failure).remedy,
    isWhole,
  });
  return { ...scene, judgement, standings: progress.plan.standings() };
}

describe('the health of a target', () => {
  it.each<[string, Judged, 'failed' | 'recovered' | 'abandoned' | undefined]>([
    ['a failure of the server', { failure: {} }, 'failed'],
    ['a failed probe', { failure: {}, candidate: { isProbe: true } }, 'failed'],
    ['a request that the provider refuses', { failure: { kind: 'invalid_request' } }, undefined],
    ['a probe that is refused', { failure: { kind: 'invalid_request' }, candidate: { isProbe: true } }, 'recovered'],
    ['a probe that is limited', { failure: { kind: 'rate_limit' }, candidate: { isProbe: true } }, 'recovered'],
    [
      'a probe that got no token for its call',
      { failure: { kind: 'authentication' }, candidate: { isProbe: true }, result: { wasCalled: false } },
      'abandoned',
    ],
    ['an adapter that throws', { failure: { kind: 'malformed' }, result: { hasThrown: true } }, undefined],
    [
      'an adapter that throws during a probe',
      { failure: { kind: 'malformed' }, result: { hasThrown: true }, candidate: { isProbe: true } },
      'abandoned',
    ],
  ])('hears of %s', async (_what, judged, told) => {
    const { health } = await judgeWith(judged);
    for (const name of ['failed', 'recovered', 'abandoned'] as const) {
      expect(health[name]).toHaveBeenCalledTimes(name === told ? 1 : 0);
    }
  });

  it.each<[UpstreamFailure, string]>([
    [{ kind: 'network', message: 'connect ECONNREFUSED' }, 'network: connect ECONNREFUSED'],
    [{ kind: 'timeout', message: '' }, 'timeout'],
    [{ kind: 'certificate', message: 'expired' }, 'certificate: expired'],
    [{ kind: 'server', message: 'the prompt of a client', status: 503 }, 'server (status 503)'],
    [{ kind: 'malformed', message: 'the answer to a client' }, 'malformed'],
  ])('gets a cause without the words of a provider: %o', async (failure, cause) => {
    const { health } = await judgeWith({ failure });
    expect(health.failed).toHaveBeenCalledExactlyOnceWith(
      { upstreamId: 'u', model: 'm' },
      { isProbe: false, requestId: 'r', tenant: 't', cause },
    );
  });
});

describe('the place where an answer broke off', () => {
  const brokenAt = { upstream: 'u', model: 'm' };
  const none = { brokenAt: undefined, silent: [], stalled: [], spoiled: 0 };
  const begun = { events: 3, received: 3 };
  const repeated = { events: 0, received: 4 };

  it.each<[string, Judged, Partial<RetryState>]>([
    ['a call without an answer', { failure: {} }, {}],
    ['a cut stream', { failure: { kind: 'truncated' }, result: begun }, { brokenAt }],
    ['a silent target', { failure: { kind: 'timeout' } }, { silent: ['u/m'] }],
    ['a stalled stream', { failure: { kind: 'timeout' }, result: begun }, { brokenAt, stalled: ['u/m'] }],
    ['an unreadable answer', { failure: { kind: 'malformed' } }, { spoiled: 1 }],
    ['an unreadable answer that may be retried', { failure: { kind: 'malformed', shouldRetry: true } }, {}],
    ['a first cut without a new event', { failure: { kind: 'truncated' }, result: repeated }, { brokenAt }],
    [
      'a second cut at the same place',
      { failure: { kind: 'truncated' }, result: repeated, state: { brokenAt } },
      { brokenAt, spoiled: 1 },
    ],
    ['a cut whole answer', { failure: { kind: 'truncated' }, isWhole: true }, { brokenAt, spoiled: 1 }],
    ['a whole answer that does not begin', { failure: { kind: 'network' }, isWhole: true }, {}],
  ])('is noted for %s', async (_what, judged, noted) => {
    const { judgement } = await judgeWith(judged);
    const { brokenAt: at, silent, stalled, spoiled } = judgement.state;
    expect({ brokenAt: at, silent, stalled, spoiled }).toEqual({ ...none, ...noted });
  });
});

describe('the consequence of a failure', () => {
  it.each<[string, Judged, { isFinal: boolean; standings: readonly Standing[]; refusedBy: readonly string[] }]>([
    [
      'another try later',
      { failure: { retryAfterMs: 400 } },
      { isFinal: false, standings: [{ kind: 'failed', retryAfterMs: 400 }], refusedBy: [] },
    ],
    [
      'the end after a second unreadable answer',
      { failure: { kind: 'malformed' }, state: { spoiled: 1 } },
      { isFinal: true, standings: [{ kind: 'failed', retryAfterMs: undefined }], refusedBy: [] },
    ],
    [
      'another target',
      { failure: { kind: 'not_found' } },
      { isFinal: false, standings: [{ kind: 'refused' }], refusedBy: ['u/m'] },
    ],
    ['another credential', { failure: { kind: 'rate_limit' } }, { isFinal: false, standings: [], refusedBy: [] }],
    [
      'another target, if the provider forbids a retry',
      { failure: { kind: 'rate_limit', shouldRetry: false } },
      { isFinal: false, standings: [{ kind: 'refused' }], refusedBy: ['u/m'] },
    ],
    ['the end', { failure: { kind: 'invalid_request' } }, { isFinal: true, standings: [], refusedBy: [] }],
    [
      'another credential after a first 403',
      { failure: { kind: 'permission' } },
      { isFinal: false, standings: [], refusedBy: [] },
    ],
    [
      'another credential after a 403 that another target sent before',
      { failure: { kind: 'permission' }, state: { forbidden: ['v/m#a'] } },
      { isFinal: false, standings: [], refusedBy: [] },
    ],
    [
      'another target after a second 403',
      { failure: { kind: 'permission' }, state: { forbidden: ['u/m#b'] } },
      { isFinal: false, standings: [{ kind: 'refused' }], refusedBy: ['u/m'] },
    ],
  ])('is %s', async (_what, judged, { isFinal, standings, refusedBy }) => {
    const found = await judgeWith(judged);
    expect(found.judgement.isFinal).toBe(isFinal);
    expect(found.judgement.state.refusedBy).toEqual(refusedBy);
    expect(found.standings).toEqual(standings);
  });

  it.each<[string, Partial<RetryState>, boolean]>([
    ['no target has stalled', {}, true],
    ['this target has stalled', { stalled: ['u/m'] }, true],
    ['another target has stalled once', { stalled: ['v/m'] }, false],
    ['another target has stalled twice', { stalled: ['v/m', 'v/m'] }, true],
    ['the stalled target does not serve the request', { stalled: ['v/m'], refusedBy: ['v/m'] }, true],
  ])('is that of a text that differs, if %s', async (_what, state, isFinal) => {
    const { judgement } = await judgeWith({ failure: { kind: 'diverged' }, state });
    expect(judgement.isFinal).toBe(isFinal);
  });

  it('keeps the stall as the last failure when another target diverges', async () => {
    const lastFailure = { kind: 'timeout', message: 'stalled', target: 'v/m' } as const;
    const { judgement } = await judgeWith({ failure: { kind: 'diverged' }, state: { stalled: ['v/m'], lastFailure } });
    expect(judgement.state).toMatchObject({ refusedBy: ['u/m'], lastFailure });
  });

  it('is a credential without this ability, which gets no cooldown', async () => {
    const { judgement, health } = await judgeWith({ failure: { kind: 'invalid_request', isOfCredential: true } });
    expect(judgement).toMatchObject({ isFinal: false, state: { incapable: ['u/m#a'], forbidden: [] } });
    expect(health.coolDown).not.toHaveBeenCalled();
  });

  it('counts the tries that the first target has left', async () => {
    const first = await judgeWith({ failure: {}, sameTarget: 3 });
    expect(first.judgement.state.staysAt).toEqual({ target: 'u/m', triesLeft: 2 });
    const second = await judgeWith({ failure: { kind: 'not_found' }, state: first.judgement.state, sameTarget: 3 });
    expect(second.judgement.state.staysAt).toEqual({ target: 'u/m', triesLeft: 0 });
  });
});

describe('the cooldown of a credential', () => {
  interface Expected {
    readonly cooldownMs: number;
    readonly model?: string;
    readonly isRefused?: boolean;
    /** The wait that the last failure tells. */
    readonly toldMs?: number;
  }
  const limit = (over: Partial<UpstreamFailure> = {}): Partial<UpstreamFailure> => ({ kind: 'rate_limit', ...over });

  it.each<[string, Judged, Expected]>([
    ['a first rate limit', { failure: limit() }, { cooldownMs: 1000, model: 'm', toldMs: 1000 }],
    [
      'a fourth rate limit',
      { failure: limit(), state: { rateLimitWaits: 3 } },
      { cooldownMs: 8000, model: 'm', toldMs: 8000 },
    ],
    ['a shorter retry-after', { failure: limit({ retryAfterMs: 5 }) }, { cooldownMs: 1000, model: 'm', toldMs: 1000 }],
    ['a longer one', { failure: limit({ retryAfterMs: 7000 }) }, { cooldownMs: 7000, model: 'm', toldMs: 7000 }],
    ['a limit of the account', { failure: limit({ rateLimitScope: 'account' }) }, { cooldownMs: 1000, toldMs: 1000 }],
    ['an empty account', { failure: { kind: 'quota' } }, { cooldownMs: 60_000, toldMs: 60_000 }],
    [
      'an account that is filled soon',
      { failure: { kind: 'quota', retryAfterMs: 5000 } },
      { cooldownMs: 5000, toldMs: 5000 },
    ],
    ['a wrong key', { failure: { kind: 'authentication' } }, { cooldownMs: 10_000, isRefused: true }],
    [
      'a wrong key that must be left alone',
      { failure: { kind: 'authentication', retryAfterMs: 20_000 } },
      { cooldownMs: 20_000, isRefused: true, toldMs: 20_000 },
    ],
  ])('is that of %s', async (_what, judged, { cooldownMs, model, isRefused = false, toldMs }) => {
    const { health, judgement, credentialCooledDown } = await judgeWith(judged);
    expect(health.coolDown).toHaveBeenCalledExactlyOnceWith(
      { upstreamId: 'u', credentialId: 'a', model },
      { cooldownMs, isRefused, reason: judged.failure.kind },
    );
    expect(judgement.state.lastFailure?.retryAfterMs).toBe(toldMs);
    expect(judgement.state.rateLimitWaits).toBe((judged.state?.rateLimitWaits ?? 0) + 1);
    const code = isRefused ? 'upstream_authentication' : 'upstream_rate_limited';
    expect(credentialCooledDown).toHaveBeenCalledExactlyOnceWith('u', code);
  });

  it('begins with the third request of two clients that meets a 403', async () => {
    const target = targetWith();
    const { needs, progress, health } = progressWith({ targets: [target] });
    const forbid = (requestId: string, tenant: string) =>
      judge(needs, {
        job: { ...progress.claimedRun.job, requestId, tenant },
        candidate: candidateWith({ target }),
        result: failedWith({ kind: 'permission', message: '' }),
        plan: progress.plan,
        state: firstRetryState,
        remedy: 'doubt_credential',
        isWhole: false,
      });
    await forbid('1', 'red');
    await forbid('2', 'red');
    expect(health.coolDown).not.toHaveBeenCalled();
    await forbid('3', 'blue');
    expect(health.coolDown).toHaveBeenCalledExactlyOnceWith(
      { upstreamId: 'u', credentialId: 'a', model: undefined },
      { cooldownMs: 10_000, isRefused: true, reason: 'permission' },
    );
  });

  it('begins for the forbidden credentials of a target when another one serves the request', async () => {
    const { needs, health } = progressWith();
    const state = { ...firstRetryState, forbidden: ['u/m#a', 'v/m#b', 'u/m2#c', 'u/m#d'] };
    await coolDownForbidden(needs, candidateWith({ credentialId: 'e' }), state);
    expect(health.coolDown.mock.calls.map(([{ upstreamId, credentialId }]) => `${upstreamId} ${credentialId}`)).toEqual(
      ['u a', 'u d'],
    );
  });
});

describe('the last failure', () => {
  it('names its target, and cuts a long message', async () => {
    const { judgement } = await judgeWith({ failure: { message: 'x'.repeat(600), status: 500, code: 'boom' } });
    expect(judgement.state.lastFailure).toMatchObject({
      kind: 'server',
      message: 'x'.repeat(500),
      status: 500,
      code: 'boom',
      target: 'u/m',
    });
  });
});
