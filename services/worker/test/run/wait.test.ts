import type { RetryPolicy, Standing } from '@sluice/policy';
import type { LastFailure, RetryState } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { backOffAt, endRound, waitForPreferred } from '../../src/run/wait.ts';
import { candidateWith, progressWith } from './progress-scene.ts';
import { targetWith } from '../scene.ts';

const target = targetWith();
const fallback = targetWith({ upstream: 'v', priority: 2 });
const failed = (retryAfterMs?: number): Standing => ({ kind: 'failed', retryAfterMs });
const busy: LastFailure = { kind: 'server', message: 'busy', target: 'u/m' };

interface Round {
  /** The standings of `u/m` and `v/m`. */
  readonly standings: readonly Standing[];
  readonly state?: Partial<RetryState>;
  readonly remainingMs?: number;
  readonly policy?: Partial<RetryPolicy>;
  /** The attempts keep notes for later ones. */
  readonly hasNotes?: boolean;
}

function roundWith({ standings, hasNotes = false, ...given }: Round) {
  const targets = [target, fallback].slice(0, standings.length);
  const scene = progressWith({ targets, ...given });
  const { plan, memory } = scene.progress;
  for (const [index, each] of targets.entries()) plan.note(each, standings[index] ?? { kind: 'refused' });
  if (hasNotes) memory.notes.set('u/m', { batches: '1' });
  return scene;
}

describe('the end of a round', () => {
  it.each<[string, Round, object]>([
    ['a failed target', { standings: [failed()], state: { waits: 2 } }, { delayMs: 400, state: { waits: 3 } }],
    ['the back-off', { standings: [failed()], state: { waits: 2 } }, { baseDelayMs: 400 }],
    ['the wait that a provider asks for', { standings: [failed(3000)] }, { delayMs: 3000, baseDelayMs: 100 }],
    [
      'the first of several targets, and the rest of the wait of the others',
      { standings: [failed(3000), failed(1000)] },
      { delayMs: 1000, state: { away: [{ target: 'u/m', ms: 2000 }] } },
    ],
    [
      'a credential in cooldown, without a back-off',
      { standings: [{ kind: 'cooling', waitMs: 700 }] },
      { delayMs: 725, baseDelayMs: undefined, state: { waits: 0 } },
    ],
    [
      'an open circuit',
      { standings: [{ kind: 'open', waitMs: 900, cause: 'timeout' }] },
      { delayMs: 925, state: { circuitWaits: 1 }, error: { code: 'upstream_unavailable' } },
    ],
    [
      'a target, with the last failure as the error',
      { standings: [failed()], state: { lastFailure: busy } },
      { error: { code: 'upstream_error' } },
    ],
  ])('gives the request back to wait for %s', async (_what, round, outcome) => {
    const { needs, progress } = roundWith(round);
    expect(await endRound(needs, progress)).toMatchObject({ kind: 'retry', ...outcome });
  });

  it.each<[string, Round, object]>([
    ['its deadline has come', { standings: [failed()], remainingMs: 0 }, { error: { code: 'upstream_timeout' } }],
    [
      'its deadline has come after a failure',
      { standings: [failed()], remainingMs: -1, state: { lastFailure: busy } },
      { error: { code: 'upstream_error' }, lastFailure: busy },
    ],
    [
      'its attempts are used up',
      { standings: [failed()], state: { attempts: 5, lastFailure: busy } },
      { error: { code: 'upstream_error' }, attempts: 5, events: 0, lastFailure: busy },
    ],
    [
      'a wait would end after the deadline',
      { standings: [{ kind: 'cooling', waitMs: 9000 }], remainingMs: 8000 },
      { error: { code: 'upstream_rate_limited', retryAfterMs: 9000 } },
    ],
    [
      'no credential is accepted',
      { standings: [{ kind: 'refused' }] },
      { error: { code: 'upstream_authentication' }, attempts: 0 },
    ],
  ])('ends the request if %s', async (_why, round, outcome) => {
    const { needs, progress } = roundWith(round);
    expect(await endRound(needs, progress)).toMatchObject({ kind: 'error', ...outcome });
  });

  it('names what no target supports', async () => {
    const adapter = { ...providers.openai.create({}), findUnsupported: () => [['seed']] };
    const { needs, progress } = progressWith({ targets: [targetWith({ adapter })], body: { seed: 1 } });
    expect(await endRound(needs, progress)).toMatchObject({
      kind: 'error',
      error: { code: 'unsupported_parameter', param: 'seed' },
    });
  });

  it('delivers an answer that can not be extended further', async () => {
    const { needs, progress } = roundWith({ standings: [failed()], remainingMs: 0 });
    const end = { finishReason: 'length', events: 0, burntTokens: 0 };
    progress.extended = { candidate: candidateWith(), end };
    expect(await endRound(needs, progress)).toMatchObject({ kind: 'end', end: { finishReason: 'length' } });
  });
});

describe('a request whose attempts keep notes', () => {
  const policy = { baseDelayMs: 1 };

  it('waits in the worker, then begins another round', async () => {
    const { needs, progress } = roundWith({ standings: [failed()], policy, hasNotes: true });
    expect(await endRound(needs, progress)).toBeUndefined();
    expect(progress.state.waits).toBe(1);
    expect(progress.plan.standings()).toEqual([]);
    expect(await progress.plan.next(progress.state)).toMatchObject({ kind: 'call', candidate: { target } });
  });

  it('goes back to the ingress for a longer wait', async () => {
    const { needs, progress } = roundWith({ standings: [failed(10_001)], policy, hasNotes: true });
    expect(await endRound(needs, progress)).toMatchObject({ kind: 'retry', delayMs: 10_001 });
  });

  it.each([
    ['cancelled', { kind: 'error', error: { code: 'request_cancelled' } }],
    ['draining', { kind: 'retry', delayMs: 0, error: { code: 'worker_lost' } }],
  ] as const)('stops its wait at once: %s', async (reason, outcome) => {
    const { needs, progress, runs } = roundWith({ standings: [failed(9000)], policy, hasNotes: true });
    const ended = endRound(needs, progress);
    runs.abortAll(reason);
    expect(await ended).toMatchObject(outcome);
  });
});

describe('the wait for a preferred target', () => {
  it('is spread, and counted without its spread', async () => {
    const { needs, progress } = roundWith({
      standings: [{ kind: 'cooling', waitMs: 800 }],
      state: { preferredWaitMs: 100 },
    });
    progress.tally.begin();
    expect(await waitForPreferred(needs, progress, { delayMs: 800 })).toMatchObject({
      kind: 'retry',
      delayMs: 825,
      state: { attempts: 1, preferredWaitMs: 900 },
      error: { code: 'upstream_unavailable', retryAfterMs: 825 },
    });
  });
});

describe('the back-off at the first target', () => {
  const staysAt = { target: 'u/m', triesLeft: 1 };
  const failure = { kind: 'server', message: '' } as const;
  interface Case {
    readonly state?: Partial<RetryState>;
    readonly retryAfterMs?: number;
    readonly targets?: readonly (typeof target)[];
    readonly remainingMs?: number;
  }

  it.each<[string, Case, number | undefined]>([
    ['comes before another try there', { state: { staysAt } }, 100],
    ['grows with the waits', { state: { staysAt, waits: 3 } }, 800],
    ['is as long as the provider asks for', { state: { staysAt }, retryAfterMs: 4000 }, 4000],
    ['gives way to a fallback if the provider asks for more', { state: { staysAt }, retryAfterMs: 10_001 }, undefined],
    ['is none without a preference for the target', {}, undefined],
    ['is none for another target than the first', { state: { staysAt: { ...staysAt, target: 'v/m' } } }, undefined],
    ['is none without tries left', { state: { staysAt: { ...staysAt, triesLeft: 0 } } }, undefined],
    ['is that of the round if there is no other target', { state: { staysAt }, targets: [target] }, undefined],
    ['is none after the last attempt', { state: { staysAt, attempts: 5 } }, undefined],
    ['is none beyond the deadline', { state: { staysAt }, remainingMs: 100 }, undefined],
  ])('%s', async (_what, { retryAfterMs, targets = [target, fallback], ...given }, delayMs) => {
    const { needs, progress } = progressWith({ targets, ...given });
    const outcome = await backOffAt(needs, progress, { target, failure: { ...failure, retryAfterMs } });
    expect(outcome?.kind === 'retry' ? outcome.delayMs : undefined).toBe(delayMs);
  });
});
