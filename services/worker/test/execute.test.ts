import type { Choice, UpstreamHealth } from '@sluice/admission';
import { retryPresets } from '@sluice/policy';
import { type ChatJob, type Delivered, type FailureKind, firstRetryState } from '@sluice/protocol';
import { verifies } from '@sluice/testkit';
import { describe, expect, it, vi } from 'vitest';
import { createActiveRuns } from '../src/active-runs.ts';
import type { AttemptResult } from '../src/attempt.ts';
import type { CallResult } from '../src/call-target.ts';
import { createCredentialPool } from '../src/credential-pool.ts';
import { execute } from '../src/execute.ts';
import type { Target } from '../src/targets.ts';
import { executionWith, jobWith, targetWith } from './scene.ts';

const target = (upstream: string, over: Partial<Target> = {}): Target =>
  targetWith({ upstream, pool: createCredentialPool([{ id: 'a' }, { id: 'b' }]) as Target['pool'], ...over });
const summary = { usage: undefined, finishReason: 'stop', responseModel: 'm' };
const complete: AttemptResult = {
  kind: 'complete',
  events: 2,
  received: 2,
  summary,
};
const fail = (kind: FailureKind, over: { events?: number; retryAfterMs?: number } = {}): AttemptResult => ({
  kind: 'failed',
  events: over.events ?? 0,
  received: over.events ?? 0,
  failure: { kind, message: kind, retryAfterMs: over.retryAfterMs },
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
  /** Answers of the calls, in order; the last goes on for ever. */
  readonly results: readonly CallResult[];
  readonly choices?: readonly Choice[];
  readonly job?: Partial<ChatJob>;
  readonly delivered?: Delivered;
  readonly remainingMs?: number;
  readonly abortReason?: string;
}

async function run(script: Script) {
  const calls: string[] = [];
  const choices = [...(script.choices ?? [])];
  const health = {
    choose: vi.fn<UpstreamHealth['choose']>(({ upstreamId }, [first]) =>
      Promise.resolve(choices.shift() ?? go(first ?? upstreamId)),
    ),
    rest: vi.fn<UpstreamHealth['rest']>(() => Promise.resolve()),
    failed: vi.fn<UpstreamHealth['failed']>(() => Promise.resolve(false)),
    recovered: vi.fn<UpstreamHealth['recovered']>(() => Promise.resolve()),
    abandoned: vi.fn<UpstreamHealth['abandoned']>(() => Promise.resolve()),
  };
  const job = jobWith(script.job);
  const runs = createActiveRuns();
  const active = runs.open(job);
  if (script.abortReason === 'draining') runs.abortAll('draining');
  const outcome = await execute(
    {
      targetsOf: () => script.targets,
      callTarget(_execution, call) {
        calls.push(`${call.target.upstream}:${call.credentialId}${call.rescue === undefined ? '' : ` ${call.rescue}`}`);
        const result = script.results[Math.min(calls.length, script.results.length) - 1];
        return Promise.resolve(result ?? complete);
      },
      health,
      policy: retryPresets.default,
      metrics: { retried: () => undefined, credentialCooledDown: () => undefined },
      random: () => 0.5,
    },
    executionWith({
      job,
      delivered: script.delivered,
      run: active,
      remainingMs: () => script.remainingMs ?? 60_000,
    }),
  );
  return { outcome, calls, health };
}

describe('execute', () => {
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
      expect.objectContaining({ isProbe: false, tenant: 't' }),
    );
  });

  it('gives the request back to wait when all targets have failed', async () => {
    const { outcome, calls } = await run({ targets: [target('u')], results: [fail('network')] });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 100, state: { attempts: 1, waits: 1 } });
    expect(calls).toHaveLength(1);
  });

  it('rests a limited credential for exactly as long as the provider says, and takes the next', async () => {
    const { outcome, calls, health } = await run({
      targets: [target('u')],
      results: [fail('rate_limit', { retryAfterMs: 7000 }), complete],
    });
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
    expect(calls).toEqual(['u:a', 'u:b']);
    expect(health.rest).toHaveBeenCalledWith(
      { upstreamId: 'u', credentialId: 'a', model: 'm' },
      { restMs: 7000, isRefused: false, reason: 'rate_limit' },
    );
    expect(health.failed).not.toHaveBeenCalled();
  });

  it('rests a limited credential by its own schedule when the provider does not say', async () => {
    const state = { ...firstRetryState, rateLimitWaits: 2 };
    const { health } = await run({ targets: [target('u')], results: [fail('rate_limit'), complete], job: { state } });
    expect(health.rest.mock.calls[0]?.[1]).toMatchObject({ restMs: 4000, isRefused: false });
  });

  it('waits for the earliest credential when all rest', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [fail('rate_limit', { retryAfterMs: 3000 })],
      choices: [go('a'), { kind: 'cooling', waitMs: 3000 }],
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 3025, state: { attempts: 1, waits: 0 } });
  });

  it('says 429 with the shortest rest when the deadline comes first', async () => {
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

  it('rests a refused credential so that nobody waits for it', async () => {
    const { outcome, health } = await run({
      targets: [target('u')],
      results: [fail('authentication')],
      choices: [go('a'), { kind: 'refused' }],
    });
    expect(health.rest.mock.calls[0]?.[1].isRefused).toBe(true);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_authentication' } });
  });

  it.each([
    [undefined, 10_000],
    [2000, 10_000],
    [3_600_000, 3_600_000],
  ])('rests a refused credential for longer where it must be left alone: %s ms', async (retryAfterMs, restMs) => {
    const { health } = await run({
      targets: [target('u')],
      results: [fail('permission', retryAfterMs === undefined ? {} : { retryAfterMs })],
      choices: [go('a'), { kind: 'refused' }],
    });
    expect(health.rest.mock.calls[0]?.[1]).toMatchObject({ restMs, isRefused: true });
  });

  const tokenRefused: CallResult = { ...fail('authentication'), isTokenRefused: true };

  it(
    'calls again with another token, and counts that, before the credential rests',
    verifies('000-36', '000-37'),
    async () => {
      const { outcome, calls, health } = await run({ targets: [target('u')], results: [tokenRefused, complete] });
      expect(calls).toEqual(['u:a', 'u:a']);
      expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
      expect(health.rest).not.toHaveBeenCalled();
      expect(health.choose).toHaveBeenCalledOnce();
    },
  );

  it('takes a second refusal of tokens for one of the credential', async () => {
    const { outcome, calls, health } = await run({
      targets: [target('u')],
      results: [tokenRefused, tokenRefused, tokenRefused, fail('server')],
      choices: [go('a'), go('b')],
    });
    expect(calls).toEqual(['u:a', 'u:a', 'u:b', 'u:b']);
    expect(health.rest.mock.calls.map(([{ credentialId }]) => credentialId)).toEqual(['a']);
    expect(outcome).toMatchObject({ kind: 'retry', state: { renewedTokens: ['u/a', 'u/b'] } });
  });

  it('renews no token twice for one request, in later runs either', async () => {
    const state = { ...firstRetryState, renewedTokens: ['u/a'] };
    const { calls, health } = await run({
      targets: [target('u')],
      results: [tokenRefused],
      choices: [go('a'), { kind: 'refused' }],
      job: { state },
    });
    expect(calls).toEqual(['u:a']);
    expect(health.rest).toHaveBeenCalledOnce();
  });

  it('closes the circuit when a probe finds nothing but an old token', async () => {
    const { health } = await run({
      targets: [target('u')],
      results: [tokenRefused, complete],
      choices: [go('a', { isProbe: true })],
    });
    expect(health.recovered).toHaveBeenCalledOnce();
  });

  it('fails at once when others have found every credential refused', async () => {
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

  it('leaves out what has refused in an earlier run', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const state = { ...firstRetryState, attempts: 1, refusedBy: ['u/m'] };
    const { calls } = await run({ targets, results: [complete], job: { state } });
    expect(calls).toEqual(['v:a']);
  });

  it('tries nothing more after a request that is wrong everywhere', async () => {
    const targets = [target('u'), target('v', { priority: 2 })];
    const { outcome, calls } = await run({ targets, results: [fail('invalid_request')] });
    expect(calls).toHaveLength(1);
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_rejected' } });
  });

  it('gives the request back at once when the client has seen a part of the answer', async () => {
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
      { ...broken, remainingMs: 0 },
    ]) {
      expect((await run(script)).outcome).toMatchObject({
        kind: 'error',
        events: 3,
        error: { code: 'upstream_error' },
      });
    }
  });

  const delivered: Delivered = { content: 'Hello', reasoning: '', chunks: 1 };

  it('has a target write on if it can, and else answer again', async () => {
    const targets = [target('u', { prefill: 'assistant' }), target('v', { priority: 2 })];
    const { calls } = await run({ targets, results: [fail('network'), complete], delivered });
    expect(calls).toEqual(['u:a continue', 'v:a restart']);
  });

  it('asks a target that refuses to write on to answer again', async () => {
    const targets = [target('u', { prefill: 'assistant' })];
    const { outcome, calls } = await run({ targets, results: [fail('invalid_request'), complete], delivered });
    expect(calls).toEqual(['u:a continue', 'u:b restart']);
    expect(outcome).toMatchObject({ kind: 'end', attempts: 2 });
  });

  it('has nothing written on where only thoughts were delivered', async () => {
    const targets = [target('u', { prefill: 'assistant' })];
    const { calls } = await run({ targets, results: [complete], delivered: { ...delivered, content: '' } });
    expect(calls).toEqual(['u:a restart']);
  });

  it('ends when another answer comes than the one to go on with', async () => {
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

  it('refuses at once when every circuit is open', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [],
      choices: [{ kind: 'open', waitMs: 4000, cause: '' }],
    });
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_unavailable', retryAfterMs: 4000 } });
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

  it('leaves open how a target stands that a probe did not even call', async () => {
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
      results: [{ kind: 'aborted', events: 0, received: 0 }],
      abortReason: 'draining',
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { attempts: 1 } });
  });

  it('gives a request back too that a shutdown interrupts in its answer', async () => {
    const { outcome } = await run({
      targets: [target('u')],
      results: [{ kind: 'aborted', events: 5, received: 5 }],
      abortReason: 'draining',
    });
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0, state: { burntTokens: 5 } });
  });

  it('has a clear word for a model that this worker does not know', async () => {
    const { outcome } = await run({ targets: [], results: [] });
    expect(outcome).toMatchObject({ kind: 'error', error: { code: 'upstream_unavailable' } });
  });
});
