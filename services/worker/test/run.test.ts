import { retryPresets, targetName } from '@sluice/policy';
import {
  type ChatJob,
  type Delivered,
  type FailureKind,
  firstRetryState,
  type UpstreamFailure,
} from '@sluice/protocol';
import { verifies } from '@sluice/testkit';
import { describe, expect, it, vi } from 'vitest';
import { createActiveRuns } from '../src/consumer/active-runs.ts';
import { createCredentialPool } from '../src/credentials/credential-pool.ts';
import { createForbiddenCredentials, type ForbiddenCredentials } from '../src/credentials/forbidden-credentials.ts';
import type { Choice, Health } from '../src/targets/fleet-health.ts';
import type { RunLogger } from '../src/attempt/log-attempt.ts';
import type { ChosenAttempt } from '../src/attempt/chosen-attempt.ts';
import type { AttemptResult } from '../src/attempt/attempt-result.ts';
import type { RunNeeds } from '../src/run/progress.ts';
import { run as serve } from '../src/run.ts';
import type { Target } from '../src/targets/targets.ts';
import { claimedRunWith, jobWith, quietLogger, runNeedsWith, targetWith } from './scene.ts';

const target = (upstream: string, over: Partial<Target> = {}): Target =>
  targetWith({ upstream, pool: createCredentialPool([{ id: 'a' }, { id: 'b' }]) as Target['pool'], ...over });
const withOneKey = { pool: createCredentialPool([{ id: 'a' }]) as Target['pool'] };
const summary = { usage: undefined, finishReason: 'stop', responseModel: 'm' };
const facts = { wasCalled: true, wasResent: false, isTokenRefused: false };
const complete: AttemptResult & { readonly kind: 'complete' } = {
  kind: 'complete',
  events: 2,
  received: 2,
  summary,
  ...facts,
};
interface Over extends Partial<Omit<UpstreamFailure, 'kind'>> {
  readonly events?: number;
  readonly received?: number;
}
const fail = (kind: FailureKind, { events = 0, received = events, ...over }: Over = {}): AttemptResult => ({
  kind: 'failed',
  events,
  received,
  failure: { kind, message: kind, ...over },
  ...facts,
});
const go = (credentialId: string, over: Partial<Extract<Choice, { kind: 'go' }>> = {}): Choice => ({
  kind: 'go',
  credentialId,
  isProbe: false,
  hasFailures: false,
  ...over,
});

interface Script {
  readonly targets: readonly Target[];
  /** The results of the attempts, in order; the last one repeats. */
  readonly results: readonly AttemptResult[];
  readonly choices?: readonly Choice[];
  readonly job?: Partial<ChatJob>;
  readonly delivered?: Delivered;
  readonly remainingMs?: number | (() => number);
  readonly abortReason?: string;
  readonly forbiddenCredentials?: ForbiddenCredentials;
  readonly needs?: Partial<RunNeeds>;
}

/** As in `u:a continue`: the target, the credential, and the way in which it resumes the delivered text. */
function nameOf({ target, credentialId, body }: ChosenAttempt, delivered: Delivered | undefined): string {
  const { messages } = body;
  const last: unknown = Array.isArray(messages) ? messages.at(-1) : undefined;
  const way = JSON.stringify(last ?? {}).includes('"assistant"') ? ' continue' : ' restart';
  return `${target.upstream}:${credentialId}${delivered === undefined ? '' : way}`;
}

/** The deadline comes during the first attempt. */
function untilSecondLook(): () => number {
  let looks = 0;
  return () => (looks++ === 0 ? 1000 : 0);
}

async function run(script: Script) {
  const calls: string[] = [];
  const attempts: ChosenAttempt[] = [];
  const warn = vi.fn<RunLogger['warn']>();
  const choices = [...(script.choices ?? [])];
  const health = {
    choose: vi.fn<Health['choose']>(({ upstreamId }, [first]) =>
      Promise.resolve(choices.shift() ?? go(first ?? upstreamId)),
    ),
    coolDown: vi.fn<Health['coolDown']>(() => Promise.resolve()),
    failed: vi.fn<Health['failed']>(() => Promise.resolve()),
    recovered: vi.fn<Health['recovered']>(() => Promise.resolve()),
    abandoned: vi.fn<Health['abandoned']>(() => Promise.resolve()),
  };
  const job = jobWith(script.job);
  const runs = createActiveRuns();
  const active = runs.open(job);
  if (script.abortReason === 'draining') runs.abortAll('draining');
  const { remainingMs = 60_000 } = script;
  const outcome = await serve(
    runNeedsWith({
      targetsOf: () => script.targets,
      makeAttempt(_run, chosen, { sink }) {
        calls.push(nameOf(chosen, script.delivered));
        attempts.push(chosen);
        const result = script.results[Math.min(calls.length, script.results.length) - 1] ?? complete;
        if (result.kind === 'complete' || result.events > 0) sink.onAnswer();
        return Promise.resolve(result);
      },
      health,
      logger: { ...quietLogger, warn },
      ...(script.forbiddenCredentials === undefined ? {} : { forbiddenCredentials: script.forbiddenCredentials }),
      ...script.needs,
    }),
    claimedRunWith({
      job,
      delivered: script.delivered,
      active,
      remainingMs: typeof remainingMs === 'number' ? () => remainingMs : remainingMs,
    }),
  );
  return { outcome, calls, attempts, health, warn };
}

describe('run', () => {
  it('ends with the first answer', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [complete] });
    expect(outcome).toEqual({ kind: 'end', attempts: 1, end: { ...summary, events: 2, burntTokens: 0 } });
    expect(calls).toEqual(['u:a']);
  });

  it('goes to the next target at once when one fails', async () => {
    const targets = [target('first'), target('second', { priority: 2 })];
    const { outcome, calls, health } = await run({ targets, results: [fail('server'), complete] });
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
    expect(calls).toEqual(['first:a', 'second:a']);
    expect(health.failed).toHaveBeenCalledWith(
      { upstreamId: 'first', model: 'm' },
      { isProbe: false, requestId: 'r', tenant: 't', cause: 'server' },
    );
  });

  it('gives the request back to wait when all targets have failed', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [fail('network')] });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 100, state: { attempts: 1, waits: 1 } });
    expect(calls).toHaveLength(1);
  });

  it('puts a limited credential in cooldown for exactly as long as the provider says, and takes the next', async () => {
    const { outcome, calls, health } = await run({
      targets: [target('u')],
      results: [fail('rate_limit', { retryAfterMs: 7000 }), complete],
    });
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
    expect(calls).toEqual(['u:a', 'u:b']);
    expect(health.coolDown).toHaveBeenCalledWith(
      { upstreamId: 'u', credentialId: 'a', model: 'm' },
      { cooldownMs: 7000, isRefused: false, reason: 'rate_limit' },
    );
    expect(health.failed).not.toHaveBeenCalled();
  });

  it('puts a limited credential in cooldown by its own schedule when the provider does not say', async () => {
    const state = { ...firstRetryState, rateLimitWaits: 2 };
    const { health } = await run({ targets: [target('u')], results: [fail('rate_limit'), complete], job: { state } });
    expect(health.coolDown.mock.calls[0]?.[1]).toMatchObject({ cooldownMs: 4000, isRefused: false });
  });

  it.each([
    ['rate_limit', undefined, 4000],
    ['rate_limit', 0, 4000],
    ['rate_limit', 7000, 7000],
    ['rate_limit', 86_400_000, 60_000],
    ['quota', undefined, 60_000],
  ] as const)(
    'tells a client when the credential is back that its last attempt found limited: %s, %s ms',
    async (kind, retryAfterMs, told) => {
      const state = { ...firstRetryState, attempts: retryPresets.default.maxAttempts - 1, rateLimitWaits: 2 };
      const { outcome } = await run({
        targets: [target('u')],
        results: [fail(kind, { retryAfterMs })],
        job: { state },
      });
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_rate_limited', retryAfterMs: told } });
    },
  );

  it('waits for the earliest credential when all are in cooldown', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [fail('rate_limit', { retryAfterMs: 3000 })],
      choices: [go('a'), { kind: 'cooling', waitMs: 3000 }],
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 3025, state: { attempts: 1, waits: 0 } });
  });

  it('answers 429 with the shortest cooldown when the deadline comes first', async () => {
    const { outcome } = await run({
      targets: [target('u'), target('v')],
      results: [complete],
      choices: [
        { kind: 'cooling', waitMs: 90_000 },
        { kind: 'cooling', waitMs: 30_000 },
      ],
      remainingMs: 20_000,
    });
    expect(outcome).toMatchObject({
      kind: 'error',
      attempts: 0,
      error: { code: 'upstream_rate_limited', retryAfterMs: 30_000 },
    });
  });

  it('puts a refused credential in cooldown so that no request waits for it', async () => {
    const { outcome, health } = await run({
      targets: [target('u')],
      results: [fail('authentication')],
      choices: [go('a'), { kind: 'refused' }],
    });
    expect(health.coolDown.mock.calls[0]?.[1].isRefused).toBe(true);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_authentication' } });
  });

  it.each([
    [undefined, 10_000],
    [2000, 10_000],
    [3_600_000, 3_600_000],
  ])(
    'puts a refused credential in cooldown for longer where it must be left alone: %s ms',
    async (retryAfterMs, cooldownMs) => {
      const { health } = await run({
        targets: [target('u')],
        results: [fail('authentication', { retryAfterMs })],
        choices: [go('a'), { kind: 'refused' }],
      });
      expect(health.coolDown.mock.calls[0]?.[1]).toMatchObject({ cooldownMs, isRefused: true });
    },
  );

  const tokenRefused: AttemptResult = { ...fail('authentication'), isTokenRefused: true };

  it(
    'calls again with another token, and counts that, before the credential is in cooldown',
    verifies('000-36', '000-37'),
    async () => {
      const { outcome, calls, health } = await run({ targets: [target('u')], results: [tokenRefused, complete] });
      expect(calls).toEqual(['u:a', 'u:a']);
      expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
      expect(health.coolDown).not.toHaveBeenCalled();
      expect(health.choose).toHaveBeenCalledOnce();
    },
  );

  it('treats a second refusal of access tokens as a refusal of the credential', async () => {
    const { outcome, calls, health } = await run({
      targets: [target('u')],
      results: [tokenRefused, tokenRefused, tokenRefused, fail('server')],
      choices: [go('a'), go('b')],
    });
    expect(calls).toEqual(['u:a', 'u:a', 'u:b', 'u:b']);
    expect(health.coolDown.mock.calls.map(([{ credentialId }]) => credentialId)).toEqual(['a']);
    expect(outcome).toMatchObject({ kind: 'retry', state: { renewedTokens: ['u/a', 'u/b'] } });
  });

  it('renews no access token twice for one request, even in later runs', async () => {
    const state = { ...firstRetryState, renewedTokens: ['u/a'] };
    const { calls, health } = await run({
      targets: [target('u')],
      results: [tokenRefused],
      choices: [go('a'), { kind: 'refused' }],
      job: { state },
    });
    expect(calls).toEqual(['u:a']);
    expect(health.coolDown).toHaveBeenCalledOnce();
  });

  it('closes the circuit when a probe fails with an old access token alone', async () => {
    const { health } = await run({
      targets: [target('u')],
      results: [tokenRefused, complete],
      choices: [go('a', { isProbe: true })],
    });
    expect(health.recovered).toHaveBeenCalledOnce();
  });

  it('fails at once when other requests found every credential refused', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [], choices: [{ kind: 'refused' }] });
    expect(outcome).toMatchObject({ kind: 'error', attempts: 0, error: { code: 'upstream_authentication' } });
    expect(calls).toEqual([]);
  });

  it.each(['context_length', 'content_policy', 'not_found'] as const)(
    'does not ask the same model again after %s, but another',
    async (kind) => {
      const targets = [target('u'), target('v', { priority: 2 })];
      const { outcome, calls } = await run({ targets, results: [fail(kind), fail('server')] });
      expect(calls).toEqual(['u:a', 'v:a']);
      expect(outcome).toMatchObject({ kind: 'retry', state: { refusedBy: ['u/m'] } });
    },
  );

  it('leaves out a target that refused in an earlier run', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const state = { ...firstRetryState, attempts: 1, refusedBy: ['u/m'] };
    const { calls } = await run({ targets, results: [complete], job: { state } });
    expect(calls).toEqual(['v:a']);
  });

  it('ends after a request that every target refuses', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const { outcome, calls } = await run({ targets, results: [fail('invalid_request')] });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_rejected' } });
  });

  it('gives the request back at once when the client has a part of the answer', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const { outcome, calls } = await run({ targets, results: [fail('network', { events: 3 })] });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { attempts: 1, burntTokens: 3 } });
  });

  it('ends with a part of the answer delivered when there are no more calls, or no more time', async () => {
    const broken = { targets: [target('u')], results: [fail('network', { events: 3 })] };
    const last = { state: { ...firstRetryState, attempts: 4 } };
    for (const script of [
      { ...broken, job: last },
      { ...broken, remainingMs: untilSecondLook() },
    ]) {
      expect((await run(script)).outcome).toMatchObject({
        kind: 'error',
        events: 3,
        error: { code: 'upstream_error' },
      });
    }
  });

  const delivered: Delivered = { content: 'Hello', reasoning: '', chunks: 1 };

  it('has a target continue the answer if it can, and otherwise answer again', async () => {
    const targets = [target('u', { prefill: 'assistant' }), target('v', { priority: 2 })];
    const { calls } = await run({ targets, results: [fail('network'), complete], delivered });
    expect(calls).toEqual(['u:a continue', 'v:a restart']);
  });

  it('asks a target that refuses a prefill to answer again', async () => {
    const targets = [target('u', { prefill: 'assistant' })];
    const { outcome, calls } = await run({ targets, results: [fail('invalid_request'), complete], delivered });
    expect(calls).toEqual(['u:a continue', 'u:b restart']);
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
  });

  it('continues nothing if only reasoning was delivered', async () => {
    const targets = [target('u', { prefill: 'assistant' })];
    const { calls } = await run({ targets, results: [complete], delivered: { ...delivered, content: '' } });
    expect(calls).toEqual(['u:a restart']);
  });

  it('ends when the answer differs from the one to resume', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [fail('diverged')], delivered });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_truncated' } });
  });

  it('leaves a silent target alone while there is another', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const first = await run({ targets, results: [fail('timeout'), fail('server')] });
    expect(first.outcome).toMatchObject({ kind: 'retry', state: { silent: ['u/m'] } });
    const state = { ...firstRetryState, silent: ['u/m'] };
    expect((await run({ targets, results: [complete], job: { state } })).calls).toEqual(['v:b']);
    expect((await run({ targets: [target('u')], results: [complete], job: { state } })).calls).toEqual(['u:a']);
  });

  it('makes five calls at most, over all runs', async () => {
    const state = { ...firstRetryState, attempts: 4 };
    const targets = [target('u'), target('v', { priority: 2 })];
    const { outcome, calls } = await run({ targets, results: [fail('server')], job: { state } });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'error', attempts: 5, error: { code: 'upstream_error' } });
  });

  describe('with retry.same_target', () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const needs = { policy: { ...retryPresets.default, sameTarget: 2 } };

    it('waits, and tries the same target again, before another', async () => {
      const first = await run({ targets, results: [fail('server')], needs });
      expect(first.calls).toEqual(['u:a']);
      expect(first.outcome).toMatchObject({ kind: 'retry', delayMs: 100, state: { attempts: 1, waits: 1 } });
      if (first.outcome.kind !== 'retry') throw new Error('there is no state');
      const second = await run({ targets, results: [fail('server'), complete], needs, job: first.outcome });
      expect(second.calls).toEqual(['u:b', 'v:a']);
      expect(second.outcome).toMatchObject({ kind: 'end', attempts: 3 });
    });

    it('stays at the target that was drawn, whatever is drawn later', async () => {
      const equals = [target('u'), target('v'), target('w')];
      const first = await run({ targets: equals, results: [fail('busy')], needs: { ...needs, random: Math.random } });
      if (first.outcome.kind !== 'retry') throw new Error('there is no state');
      for (let at = 0; at < 20; at++) {
        const second = await run({ targets: equals, results: [complete], needs, job: first.outcome });
        expect(second.calls[0]?.slice(0, 1)).toBe(first.calls[0]?.slice(0, 1));
      }
    });

    it.each([
      ['silent', fail('timeout')],
      ['not to be read', fail('malformed')],
      ['away for longer than our longest back-off', fail('server', { retryAfterMs: 10_001 })],
      ['at its limit', fail('rate_limit')],
    ])('asks another at once where the first is %s', async (_what, result) => {
      const alone = [target('u', withOneKey), target('v', { priority: 2 })];
      const choices: Choice[] =
        result.kind === 'failed' && result.failure.kind === 'rate_limit'
          ? [go('a'), { kind: 'cooling', waitMs: 9000 }]
          : [];
      const { calls, outcome } = await run({ targets: alone, results: [result, complete], needs, choices });
      expect(calls.map((name) => name.slice(0, 1))).toEqual(['u', 'v']);
      expect(outcome.kind).toBe('end');
    });

    it.each([
      ['has not got the model', fail('not_found')],
      ['will not do what is asked', fail('unsupported')],
      ['refuses the content', fail('content_policy')],
      ['says that another try is of no use', fail('server', { shouldRetry: false })],
    ])('takes another target at once, and does not return, when the target then %s', async (_what, refused) => {
      const patient = { policy: { ...retryPresets.default, sameTarget: 3 } };
      const first = await run({ targets, results: [fail('server')], needs: patient });
      if (first.outcome.kind !== 'retry') throw new Error('there is no state');
      const second = await run({ targets, results: [refused, fail('server')], needs: patient, job: first.outcome });
      expect(second.calls.map((name) => name.slice(0, 1))).toEqual(['u', 'v']);
      expect(second.outcome).toMatchObject({ kind: 'retry', state: { staysAt: { triesLeft: 0 }, refusedBy: ['u/m'] } });
    });

    it.each([
      ['is at its limit', fail('rate_limit', { retryAfterMs: 8000 })],
      ['has nothing left to spend', fail('quota')],
      ['is not accepted', fail('authentication')],
      ['is refused', fail('permission')],
      ['can not do what others can', fail('unsupported', { isOfCredential: true })],
    ])('asks with another credential at once where the first one then %s', async (_what, limited) => {
      const patient = { policy: { ...retryPresets.default, sameTarget: 3 } };
      const first = await run({ targets, results: [fail('server')], needs: patient });
      if (first.outcome.kind !== 'retry') throw new Error('there is no state');
      const second = await run({
        targets,
        results: [limited, complete],
        choices: [go('a'), go('b')],
        needs: patient,
        job: first.outcome,
      });
      expect(second.calls).toEqual(['u:a', 'u:b']);
      expect(second.outcome.kind).toBe('end');
    });

    it('never makes more attempts than are allowed', async () => {
      const state = { ...firstRetryState, attempts: 4 };
      const { outcome } = await run({ targets, results: [fail('server')], needs, job: { state } });
      expect(outcome).toMatchObject({ kind: 'error', attempts: 5 });
    });
  });

  describe('with retry.wait_for_preferred_ms', () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const needs = { policy: { ...retryPresets.default, waitForPreferredMs: 1000 } };

    it.each([
      ['whose credentials are in cooldown', { kind: 'cooling', waitMs: 800 }],
      ['whose circuit is open', { kind: 'open', waitMs: 800, cause: '' }],
    ] as const)('waits for a preferred target %s, which costs no attempt', async (_what, choice) => {
      const { calls, outcome } = await run({ targets, results: [], choices: [choice], needs });
      expect(calls).toEqual([]);
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 825, state: { attempts: 0, preferredWaitMs: 800 } });
    });

    it('waits after a rate limit that ends in time', async () => {
      const { calls, outcome } = await run({
        targets: [target('u', withOneKey), target('v', { priority: 2 })],
        results: [fail('rate_limit', { retryAfterMs: 900 })],
        choices: [go('a'), { kind: 'cooling', waitMs: 900 }],
        needs,
      });
      expect(calls).toEqual(['u:a']);
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 925, error: { code: 'upstream_rate_limited' } });
    });

    it.each([
      ['whose circuit is probed', { kind: 'open', waitMs: 50, cause: '' }],
      ['whose credentials are in cooldown', { kind: 'cooling', waitMs: 50 }],
    ] as const)(
      'asks the fallback where one preferred target has failed, not waiting for one %s',
      async (_what, away) => {
        const { calls, outcome } = await run({
          targets: [target('u'), target('v'), target('w', { priority: 2 })],
          results: [fail('server', { retryAfterMs: 8000 }), complete],
          choices: [go('a'), away, go('a')],
          needs,
        });
        expect(calls.map((name) => name.slice(0, 1))).toEqual([expect.stringMatching(/[uv]/), 'w']);
        expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
      },
    );

    it('asks a fallback where none is back in time, and where the time is used up', async () => {
      const late = await run({ targets, results: [complete], choices: [{ kind: 'cooling', waitMs: 1001 }], needs });
      expect(late.calls).toEqual(['v:a']);
      const state = { ...firstRetryState, preferredWaitMs: 800 };
      const again = await run({
        targets,
        results: [complete],
        choices: [{ kind: 'cooling', waitMs: 300 }],
        needs,
        job: { state },
      });
      expect(again.calls).toEqual(['v:b']);
    });

    it('asks a target of the same priority at once', async () => {
      const equals = [target('u'), target('v')];
      const { calls } = await run({
        targets: equals,
        results: [complete],
        choices: [{ kind: 'cooling', waitMs: 300 }],
        needs,
      });
      expect(calls).toHaveLength(1);
    });

    it('does not wait where the client has a part of the answer', async () => {
      const { calls } = await run({
        targets,
        results: [complete],
        choices: [{ kind: 'cooling', waitMs: 300 }],
        delivered: { content: 'Hello', reasoning: '', chunks: 1 },
        needs,
      });
      expect(calls).toEqual(['v:a restart']);
    });
  });

  it('asks no other provider after a refusal of the content where that ends a request', async () => {
    for (const shouldRetry of [undefined, true]) {
      const targets = [target('u', { ...withOneKey, onContentPolicy: 'end' }), target('v', { priority: 2 })];
      const { calls, outcome } = await run({ targets, results: [fail('content_policy', { shouldRetry }), complete] });
      expect(calls).toEqual(['u:a']);
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'content_policy_violation' } });
    }
  });

  it('passes by a target whose circuit is open', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const { outcome, calls } = await run({
      targets,
      results: [complete],
      choices: [{ kind: 'open', waitMs: 4000, cause: '' }],
    });
    expect(calls).toEqual(['v:a']);
    expect(outcome.kind).toBe('end');
  });

  it('closes the circuit when the probe fails for a reason of its own', async () => {
    const { health } = await run({
      targets: [target('u')],
      results: [fail('rate_limit'), complete],
      choices: [go('a', { isProbe: true })],
    });
    expect(health.recovered).toHaveBeenCalledOnce();
    expect(health.failed).not.toHaveBeenCalled();
  });

  it('leaves the state of a target open that a probe did not call', async () => {
    const { health } = await run({
      targets: [target('u')],
      results: [{ ...fail('invalid_request'), wasCalled: false }],
      choices: [go('a', { isProbe: true })],
    });
    expect(health.abandoned).toHaveBeenCalledOnce();
    expect(health.recovered).not.toHaveBeenCalled();
  });

  it('gives a request back that a shutdown interrupts before its answer', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [{ kind: 'aborted', events: 0, received: 0, ...facts }],
      abortReason: 'draining',
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { attempts: 1 } });
  });

  it('gives a request back too that a shutdown interrupts in its answer', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [{ kind: 'aborted', events: 5, received: 5, ...facts }],
      abortReason: 'draining',
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { burntTokens: 5 } });
  });

  it('reports a model that this worker does not have', async () => {
    const { outcome } = await run({ targets: [], results: [] });
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_unavailable' } });
  });

  describe('with every circuit open', () => {
    const open = (cause = ''): Choice => ({ kind: 'open', waitMs: 4000, cause });

    it('waits for the probe, which does not count as an attempt', async () => {
      const { outcome, calls } = await run({ targets: [target('u')], results: [], choices: [open()] });
      expect(calls).toEqual([]);
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 4025, state: { attempts: 0, circuitWaits: 1 } });
    });

    it('waits no longer than its deadline, and then names what opened it', async () => {
      const { outcome } = await run({
        targets: [target('u')],
        results: [],
        choices: [open('server (status 503)')],
        remainingMs: 3000,
      });
      expect(outcome).toMatchObject({
        kind: 'error',
        error: {
          code: 'upstream_unavailable',
          retryAfterMs: 4000,
          message: expect.stringContaining('server (status 503)') as string,
        },
      });
    });

    it('names the last failure of this very request before that of others', async () => {
      const lastFailure = { kind: 'server', message: 'out of order', status: 500 } as const;
      const { outcome } = await run({
        targets: [target('u')],
        results: [],
        choices: [open('network')],
        remainingMs: 3000,
        job: { state: { ...firstRetryState, attempts: 2, lastFailure } },
      });
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_error', message: 'out of order' } });
    });
  });

  it('keeps the last failure for later runs', async () => {
    const { outcome } = await run({ targets: [target('u')], results: [fail('server', { status: 503 })] });
    expect(outcome).toMatchObject({ state: { lastFailure: { kind: 'server', message: 'server', status: 503 } } });
  });

  it('begins no attempt after the deadline, although another target is left', async () => {
    const { outcome, calls } = await run({
      targets: [target('u'), target('v', { priority: 2 })],
      results: [fail('timeout')],
      remainingMs: untilSecondLook(),
    });
    expect(calls).toEqual(['u:a']);
    expect(outcome).toMatchObject({ kind: 'error', attempts: 1, error: { code: 'upstream_timeout' } });
  });

  it('reports the deadline if it has passed before the first attempt', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [], remainingMs: 0 });
    expect(calls).toEqual([]);
    expect(outcome).toMatchObject({ kind: 'error', attempts: 0, error: { code: 'upstream_timeout' } });
  });

  describe('after an answer that could not be understood', () => {
    it('asks one other target, and none after that', async () => {
      const targets = ['u', 'v', 'w'].map((upstream, at) => target(upstream, { priority: at + 1 }));
      const { outcome, calls } = await run({ targets, results: [fail('malformed')] });
      expect(calls).toEqual(['u:a', 'v:a']);
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_malformed', retryable: false } });
    });

    it('asks the only target once more, in a later run', async () => {
      const first = await run({ targets: [target('u')], results: [fail('malformed')] });
      expect(first.outcome).toMatchObject({ kind: 'retry', state: { attempts: 1, spoiled: 1 } });
      const state = { ...firstRetryState, attempts: 1, spoiled: 1 };
      const second = await run({ targets: [target('u')], results: [fail('malformed')], job: { state } });
      expect(second.calls).toHaveLength(1);
      expect(second.outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_malformed', retryable: false } });
    });
  });

  it('does not ask a third time for an answer that is cut at the same place', async () => {
    const state = { ...firstRetryState, attempts: 2, spoiled: 1, brokenAt: { upstream: 'u', model: 'm' } };
    const { outcome, calls } = await run({
      targets: [target('u'), target('v')],
      results: [fail('truncated', { received: 9 })],
      delivered: { content: 'Hello', reasoning: '', chunks: 1 },
      job: { state },
    });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_truncated' } });
  });

  describe('after a whole answer that was cut', () => {
    const cut = fail('truncated');

    it('asks one other target, and none after that: each of them was paid', async () => {
      const targets = ['u', 'v', 'w'].map((upstream, at) => target(upstream, { priority: at + 1 }));
      const { outcome, calls } = await run({ targets, results: [cut], job: { stream: false } });
      expect(calls).toEqual(['u:a', 'v:a']);
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_truncated' } });
    });

    it('tries again if it was a stream that had not begun', async () => {
      const targets = ['u', 'v', 'w'].map((upstream, at) => target(upstream, { priority: at + 1 }));
      const { calls } = await run({ targets, results: [cut, cut, complete] });
      expect(calls).toEqual(['u:a', 'v:a', 'w:a']);
    });
  });

  describe("with the provider's x-should-retry: false", () => {
    it.each(['server', 'busy', 'timeout', 'network', 'malformed'] as const)(
      'leaves a target alone after %s',
      async (kind) => {
        const { outcome, calls } = await run({ targets: [target('u')], results: [fail(kind, { shouldRetry: false })] });
        expect(calls).toHaveLength(1);
        expect(outcome).toMatchObject({ kind: 'error', error: { retryable: false } });
      },
    );

    it('asks another target', async () => {
      const targets = [target('u'), target('v', { priority: 2 })];
      const { outcome, calls } = await run({ targets, results: [fail('server', { shouldRetry: false }), complete] });
      expect(calls).toEqual(['u:a', 'v:a']);
      expect(outcome.kind).toBe('end');
    });

    it('puts a limited credential in cooldown, and asks the target no more', async () => {
      const { outcome, calls, health } = await run({
        targets: [target('u')],
        results: [fail('rate_limit', { shouldRetry: false })],
      });
      expect(calls).toEqual(['u:a']);
      expect(health.coolDown).toHaveBeenCalledOnce();
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_rate_limited', retryable: false } });
    });

    it.each(['invalid_request', 'unexpected', 'not_found'] as const)('tries again after %s', async (kind) => {
      const { outcome } = await run({ targets: [target('u')], results: [fail(kind, { shouldRetry: true })] });
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 100, error: { retryable: true } });
    });
  });

  describe('after a stall in the middle of an answer', () => {
    const delivered: Delivered = { content: 'Hello', reasoning: '', chunks: 1 };
    const targets = [target('u'), target('v', { priority: 2 })];

    it.each([
      ['with text', 3],
      ['after nothing but a role', 1],
    ])('tells the next run, %s', async (_what, events) => {
      const { outcome } = await run({ targets, results: [fail('timeout', { events })] });
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { stalled: ['u/m'] } });
    });

    const stalled = { ...firstRetryState, attempts: 1, stalled: ['u/m'], brokenAt: { upstream: 'u', model: 'm' } };

    it('asks the others first, and the same target last', async () => {
      const { calls } = await run({
        targets,
        results: [fail('server'), complete],
        delivered,
        job: { state: stalled },
      });
      expect(calls).toEqual(['v:a restart', 'u:a restart']);
    });

    it('asks the same target last even if it alone could continue the answer', async () => {
      const { calls } = await run({
        targets: [target('u', { prefill: 'assistant' }), target('v', { priority: 2 })],
        results: [complete],
        delivered,
        job: { state: stalled },
      });
      expect(calls).toEqual(['v:a restart']);
    });

    it('asks the same target after another model gave a different answer, and keeps the stall as last failure', async () => {
      const lastFailure = { kind: 'timeout', message: 'x' } as const;
      const { outcome, calls } = await run({
        targets: [target('u'), target('v', { priority: 2, model: 'n' })],
        results: [fail('diverged'), complete],
        delivered,
        job: { state: { ...stalled, lastFailure } },
      });
      expect(calls).toEqual(['v:a restart', 'u:a restart']);
      expect(outcome.kind).toBe('end');
    });

    it.each([
      ['has no attempt left to do so', { attempts: 4 }],
      ['has asked it twice before', { stalled: ['u/m', 'u/m'] }],
    ])('tells the client of the stall where it %s', async (_what, more) => {
      const { outcome, calls } = await run({
        targets: [target('u'), target('v', { priority: 2, model: 'n' })],
        results: [fail('diverged')],
        delivered,
        job: { state: { ...stalled, ...more, lastFailure: { kind: 'timeout', message: 'x' } } },
      });
      expect(calls).toEqual(['v:a restart']);
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_timeout' } });
    });

    it('asks the same target once, not twice', async () => {
      const state = { ...stalled, stalled: ['u/m', 'u/m'], lastFailure: { kind: 'timeout', message: 'x' } as const };
      const { outcome, calls } = await run({ targets: [target('u')], results: [complete], delivered, job: { state } });
      expect(calls).toEqual([]);
      expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_timeout' } });
    });
  });

  it('asks the same model elsewhere before the target that cut its answer', async () => {
    const state = { ...firstRetryState, attempts: 1, brokenAt: { upstream: 'u', model: 'm' } };
    const targets = [target('other', { model: 'n' }), target('u', { priority: 2 }), target('v', { priority: 3 })];
    const { calls } = await run({
      targets,
      results: [fail('server'), fail('server'), complete],
      delivered: { content: 'Hello', reasoning: '', chunks: 1 },
      job: { state },
    });
    expect(calls).toEqual(['v:a restart', 'u:a restart', 'other:a restart']);
  });

  describe('after a credential could not do what the request asks for', () => {
    const unable = fail('unsupported', { isOfCredential: true, param: 'messages' });

    it('asks the next one of the same target, and none is in cooldown', async () => {
      const { outcome, calls, health } = await run({ targets: [target('u')], results: [unable, complete] });
      expect(calls).toEqual(['u:a', 'u:b']);
      expect(outcome.kind).toBe('end');
      expect(health.coolDown).not.toHaveBeenCalled();
    });

    it('asks each once, then the next target', async () => {
      const targets = [target('u'), target('v', { priority: 2 })];
      const { calls } = await run({ targets, results: [unable, unable, complete] });
      expect(calls).toEqual(['u:a', 'u:b', 'v:a']);
    });

    it('reports what no credential can do', async () => {
      const { outcome } = await run({ targets: [target('u')], results: [unable] });
      expect(outcome).toMatchObject({
        kind: 'error',
        attempts: 2,
        error: { code: 'unsupported_parameter', param: 'messages' },
      });
    });

    it('does not ask the same one in a later run', async () => {
      const state = { ...firstRetryState, attempts: 1, incapable: ['u/m#a'] };
      const { calls } = await run({ targets: [target('u')], results: [complete], job: { state } });
      expect(calls).toEqual(['u:b']);
    });
  });

  describe('where guests may not send the request', () => {
    const adapter = { ...targetWith().adapter, refusesGuests: () => true };
    const guest = {
      id: 'guest',
      apiKey: undefined,
      tokens: { kind: 'anonymous' },
      tokenCredential: undefined,
    } as const;
    const user = { id: 'user', apiKey: undefined, tokens: undefined, tokenCredential: undefined } as const;
    const poolOf = (...credentials: (typeof guest | typeof user)[]): Target['pool'] =>
      createCredentialPool(credentials);

    it('never calls as a guest beside a user', async () => {
      const shared = target('u', { adapter, pool: poolOf(guest, user) });
      for (let at = 0; at < 4; at++) {
        expect((await run({ targets: [shared], results: [complete] })).calls).toEqual(['u:user']);
      }
    });

    it('calls as a guest if there is no other credential: the provider may accept guests again', async () => {
      const alone = target('u', { adapter, pool: poolOf(guest) });
      expect((await run({ targets: [alone], results: [complete] })).calls).toEqual(['u:guest']);
    });
  });

  describe('after a 403', () => {
    it('puts the credential in cooldown once another one has served the very request', async () => {
      const { outcome, calls, health } = await run({ targets: [target('u')], results: [fail('permission'), complete] });
      expect(calls).toEqual(['u:a', 'u:b']);
      expect(outcome.kind).toBe('end');
      expect(health.coolDown.mock.calls).toEqual([
        [
          { upstreamId: 'u', credentialId: 'a', model: undefined },
          { cooldownMs: 10_000, isRefused: true, reason: 'permission' },
        ],
      ]);
    });

    it('treats the refusal of two credentials as one of the request: none is in cooldown, the next target is asked', async () => {
      const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }, { id: 'c' }]) as Target['pool'];
      const { outcome, calls, health } = await run({
        targets: [target('u', { pool }), target('v', { priority: 2 })],
        results: [fail('permission'), fail('permission'), complete],
      });
      expect(calls).toEqual(['u:a', 'u:c', 'v:a']);
      expect(outcome.kind).toBe('end');
      expect(health.coolDown).not.toHaveBeenCalled();
    });

    it('puts a credential in cooldown that is refused for requests of several clients in a row', async () => {
      const forbiddenCredentials = createForbiddenCredentials();
      const ask = (requestId: string, tenant: string) =>
        run({
          targets: [target('u', withOneKey)],
          results: [fail('permission')],
          forbiddenCredentials,
          job: { requestId, tenant },
        });
      const cooldowns = [];
      for (const [id, tenant] of [
        ['1', 'x'],
        ['2', 'x'],
        ['3', 'x'],
        ['4', 'y'],
      ] as const) {
        const { outcome, health } = await ask(id, tenant);
        expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_authentication' } });
        cooldowns.push(health.coolDown.mock.calls.length);
      }
      expect(cooldowns).toEqual([0, 0, 0, 1]);
    });

    it('does not ask the same credential again in a later run', async () => {
      const state = { ...firstRetryState, attempts: 1, forbidden: ['u/m#a'] };
      const { calls } = await run({ targets: [target('u')], results: [complete], job: { state } });
      expect(calls).toEqual(['u:b']);
    });
  });

  it.each([0, 1, 999])(
    'never puts a limited credential in cooldown for less than its own back-off: Retry-After %i ms',
    async (ms) => {
      const { health } = await run({
        targets: [target('u')],
        results: [fail('rate_limit', { retryAfterMs: ms }), complete],
      });
      expect(health.coolDown.mock.calls[0]?.[1].cooldownMs).toBe(1000);
    },
  );

  describe('a target whose retry-after is longer than the cooldown of another', () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const first = () =>
      run({
        targets,
        results: [fail('server', { retryAfterMs: 8000 })],
        choices: [go('a'), { kind: 'cooling', waitMs: 500 }],
      });

    it('is not asked again when the other is back', async () => {
      const { outcome } = await first();
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 525, state: { away: [{ target: 'u/m', ms: 7475 }] } });
      if (outcome.kind !== 'retry') throw new Error('The request did not wait');
      const again = await run({ targets, results: [complete], job: { state: outcome.state } });
      expect(again.calls).toEqual(['v:b']);
    });

    it('is asked when its time is over, where the other is still in cooldown', async () => {
      const { outcome } = await first();
      if (outcome.kind !== 'retry') throw new Error('The request did not wait');
      const choices = [{ kind: 'cooling', waitMs: 60_000 } as const];
      const second = await run({ targets, results: [], choices, job: { state: outcome.state } });
      expect(second.outcome).toMatchObject({ kind: 'retry', delayMs: 7475, state: { away: [] } });
    });
  });

  it.each([0, 1, 99])('never tries again before its own back-off: Retry-After %i ms', async (retryAfterMs) => {
    const { outcome } = await run({ targets: [target('u')], results: [fail('server', { retryAfterMs })] });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 100 });
  });

  it.each([
    [undefined, 'm'],
    ['model', 'm'],
    ['account', undefined],
  ] as const)('puts the scope of a rate limit in cooldown: %s', async (rateLimitScope, model) => {
    const { health } = await run({
      targets: [target('u')],
      results: [fail('rate_limit', { rateLimitScope }), complete],
    });
    expect(health.coolDown.mock.calls[0]?.[0].model).toBe(model);
  });

  it.each(['quota', 'authentication'] as const)('puts the whole credential in cooldown for %s', async (kind) => {
    const { health } = await run({ targets: [target('u')], results: [fail(kind), complete] });
    expect(health.coolDown.mock.calls[0]?.[0]).toEqual({ upstreamId: 'u', credentialId: 'a' });
  });

  it.each(['invalid_request', 'content_policy', 'context_length', 'unsupported', 'not_found'] as const)(
    'does not count %s against the target: it is the request',
    async (kind) => {
      const { health } = await run({ targets: [target('u')], results: [fail(kind)] });
      expect(health.failed).not.toHaveBeenCalled();
    },
  );

  it('counts an error of an adapter neither against the target nor as proof that it answers', async () => {
    const { health } = await run({
      targets: [target('u')],
      results: [{ ...fail('malformed'), hasThrown: true } as AttemptResult],
      choices: [go('a', { isProbe: true })],
    });
    expect(health.failed).not.toHaveBeenCalled();
    expect(health.recovered).not.toHaveBeenCalled();
    expect(health.abandoned).toHaveBeenCalledOnce();
  });

  it('tells other clients nothing of a failure but its kind and status', async () => {
    const failure = fail('server', { message: 'the words of this prompt', status: 500 });
    const { health } = await run({ targets: [target('u')], results: [failure] });
    expect(health.failed.mock.calls[0]?.[1].cause).toBe('server (status 500)');
  });

  it('logs each attempt that failed, also where another target has served', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const failure = fail('server', { status: 503, code: 'overloaded', message: 'come later' });
    const { warn } = await run({ targets, results: [failure, complete] });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        attempt: 1,
        upstream: 'u',
        model: 'm',
        credential: 'a',
        kind: 'server',
        status: 503,
        provider_code: 'overloaded',
        max_attempts: 5,
        reason: 'come later',
        remedy: 'retry',
      }),
      'attempt 1 of 5 failed',
    );
  });

  it('limits an attempt at a whole answer while another target has not been tried', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const { attempts } = await run({ targets, results: [fail('timeout'), complete], job: { stream: false } });
    expect(attempts.map(({ wholeMs }) => wholeMs)).toEqual([60_000, Number.POSITIVE_INFINITY]);
  });

  it('limits each attempt at a whole answer where that is set', async () => {
    const { attempts } = await run({
      targets: [target('u')],
      results: [complete],
      job: { stream: false },
      needs: { timeouts: { wholeAttemptMs: 5000 } },
    });
    expect(attempts.map(({ wholeMs }) => wholeMs)).toEqual([5000]);
  });

  it.each([10 ** 12, 10_000_001, Number.NaN, -1])('does not believe a usage of %d tokens', async (tokens) => {
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: tokens };
    const { outcome } = await run({
      targets: [target('u')],
      results: [{ ...complete, summary: { ...summary, usage } }],
    });
    expect(outcome).toMatchObject({ kind: 'end', end: { usage: undefined } });
  });

  describe('the cost of a request', () => {
    const costing =
      (results: AttemptResult[]): RunNeeds['makeAttempt'] =>
      (_run, _chosen, { sink, onSpent }) => {
        const result = results.shift() ?? complete;
        onSpent({ costMicros: 7, isEstimated: result.kind !== 'complete' });
        if (result.kind === 'complete') sink.onAnswer();
        return Promise.resolve(result);
      };
    const costOf = async (...results: AttemptResult[]) =>
      (await run({ targets: [target('u')], results: [], needs: { makeAttempt: costing(results) } })).outcome;

    it('is in the end of its answer, with that of failed attempts', async () => {
      expect(await costOf(complete)).toMatchObject({ kind: 'end', end: { costMicros: 7 } });
      expect(await costOf(fail('rate_limit'), complete)).toMatchObject({
        kind: 'end',
        end: { costMicros: 14, isEstimated: true },
      });
    });

    it('is in the state of the next run', async () => {
      expect(await costOf(fail('network'))).toMatchObject({
        kind: 'retry',
        state: { costMicros: 7, isEstimated: true },
      });
    });

    it('is in its error', async () => {
      expect(await costOf(fail('invalid_request'))).toMatchObject({
        kind: 'error',
        spent: { costMicros: 7, isEstimated: true },
      });
    });
  });

  describe('embeddings in several calls', () => {
    /** An attempt that makes so many calls of its preparation, and keeps what they brought. */
    const attemptWith =
      (results: AttemptResult[], calls: number): RunNeeds['makeAttempt'] =>
      (_run, { target }, { memory, onCall }) => {
        for (let at = 0; at < calls; at++) onCall();
        memory.notes.set(targetName(target), { batches: '1' });
        return Promise.resolve(results.shift() ?? complete);
      };

    it('are tried again in the same run, which alone has the earlier results, and are all counted', async () => {
      const { outcome } = await run({
        targets: [target('u', withOneKey)],
        results: [],
        job: { operation: 'embeddings', stream: false },
        needs: { makeAttempt: attemptWith([fail('server'), complete], 3) },
      });
      expect(outcome).toMatchObject({ kind: 'end', attempts: 8 });
    });

    it('go back to the ingress if the wait is long', async () => {
      const { outcome } = await run({
        targets: [target('u', withOneKey)],
        results: [],
        job: { operation: 'embeddings', stream: false },
        needs: { makeAttempt: attemptWith([fail('server', { retryAfterMs: 20_000 })], 3) },
      });
      expect(outcome).toMatchObject({ kind: 'retry', delayMs: 20_000, state: { attempts: 1, batchCalls: 3 } });
    });
  });
});
