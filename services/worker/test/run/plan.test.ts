import type { Standing } from '@sluice/policy';
import { firstRetryState, type RetryState } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import type { Found } from '../../src/run/plan.ts';
import type { Choice } from '../../src/targets/fleet-health.ts';
import type { Target } from '../../src/targets/targets.ts';
import { progressWith } from './progress-scene.ts';
import { poolOf, targetWith } from '../scene.ts';

const first = targetWith({ upstream: 'first', priority: 1, pool: poolOf('a', 'b') });
const second = targetWith({ upstream: 'second', priority: 2 });
const third = targetWith({ upstream: 'third', priority: 3 });
const all = [third, first, second];
const incapable: Target = {
  ...first,
  adapter: { ...providers.openai.create({}), findUnsupported: () => [['seed']] },
};

/** As in `first:a`, or `wait 800`. */
function nameOf(found: Found | undefined): string | undefined {
  if (found === undefined) return undefined;
  if (found.kind === 'wait') return `wait ${found.delayMs}`;
  const { target, credentialId } = found.candidate;
  return `${target.upstream}:${credentialId}`;
}

describe('the plan of a run', () => {
  it('has the targets by priority, without those that refused this request before', () => {
    const { progress } = progressWith({ targets: all, state: { refusedBy: ['second/m'] } });
    expect(progress.plan.names()).toEqual(['first/m', 'third/m']);
    expect(progress.plan.isEmpty).toBe(false);
  });

  it.each<[string, readonly Target[], readonly string[]]>([
    ['the model has no target', [], []],
    ['every target refused the request before', [first], ['first/m']],
  ])('is empty if %s', async (_why, targets, refusedBy) => {
    const { progress } = progressWith({ targets, state: { refusedBy: [...refusedBy] } });
    expect(progress.plan.isEmpty).toBe(true);
    expect(await progress.plan.next(progress.state)).toBeUndefined();
  });

  it('gives the first target until that is noted, then the next one', async () => {
    const { progress } = progressWith({ targets: all });
    const { plan, state } = progress;
    expect(nameOf(await plan.next(state))).toMatch(/^first:/);
    expect(nameOf(await plan.next(state))).toMatch(/^first:/);
    plan.note(first, { kind: 'failed', retryAfterMs: undefined });
    expect(nameOf(await plan.next(state))).toBe('second:a');
    plan.note(second, { kind: 'refused' });
    plan.note(third, { kind: 'refused' });
    expect(await plan.next(state)).toBeUndefined();
  });

  it('passes over targets that may not be called now, and says so in the log', async () => {
    const choices: readonly Choice[] = [
      { kind: 'cooling', waitMs: 900 },
      { kind: 'open', waitMs: 700, cause: 'timeout' },
    ];
    const { progress, debug } = progressWith({ targets: all, choices });
    expect(nameOf(await progress.plan.next(progress.state))).toBe('third:a');
    expect(progress.plan.standings()).toEqual(choices);
    expect(debug.mock.calls).toMatchObject([
      [{ internal_id: 'r', target: 'first/m', standing: 'cooling', wait_ms: 900 }, 'target passed over'],
      [{ internal_id: 'r', target: 'second/m', standing: 'open', wait_ms: 700 }, 'target passed over'],
    ]);
  });

  it('makes the candidate of the choice', async () => {
    const choice: Choice = { kind: 'go', credentialId: 'b', isProbe: true, hasFailures: true };
    const { progress } = progressWith({ targets: [first], choices: [choice], body: { seed: 1 } });
    expect(await progress.plan.next(progress.state)).toEqual({
      kind: 'call',
      candidate: { target: first, fitted: { seed: 1 }, ...choice },
    });
  });

  it.each<[string, Partial<RetryState>, readonly string[]]>([
    ['all', {}, ['a', 'b']],
    ['those that got no 403', { forbidden: ['first/m#a'] }, ['b']],
    ['those that can serve it', { incapable: ['first/m#b', 'second/m#a'] }, ['a']],
  ])('offers the credentials of a target: %s', async (_which, over, ids) => {
    const { progress, health } = progressWith({ targets: [first] });
    await progress.plan.next({ ...progress.state, ...over });
    expect([...(health.choose.mock.calls[0]?.[1] ?? [])].sort()).toEqual(ids);
  });

  it.each<[string, Partial<RetryState>]>([
    ['without a credential that may send the request', { forbidden: ['first/m#a'], incapable: ['first/m#b'] }],
    ['that stalled twice in this answer', { stalled: ['first/m', 'first/m'] }],
  ])('asks no health about a target %s', async (_which, over) => {
    const { progress, health } = progressWith({ targets: [first] });
    expect(await progress.plan.next({ ...progress.state, ...over })).toBeUndefined();
    expect(health.choose).not.toHaveBeenCalled();
    expect(progress.plan.standings()).toEqual([{ kind: 'refused' }]);
  });

  it('counts the chosen credential as loaded only while it is chosen', async () => {
    const pool = poolOf('a', 'b');
    /** The credentials that the next two requests would get; equally loaded ones take turns. */
    const upNext = (): readonly (string | undefined)[] =>
      [1, 2].map(() => {
        const { ids, close } = pool.offer();
        close();
        return ids[0];
      });
    const { progress, health } = progressWith({ targets: [targetWith({ pool })] });
    health.choose.mockImplementation((_target, [chosen]) => {
      const other = chosen === 'a' ? 'b' : 'a';
      expect(upNext()).toEqual([other, other]);
      return Promise.reject(new Error('Redis is away'));
    });
    await expect(progress.plan.next(progress.state)).rejects.toThrow('Redis is away');
    expect(new Set(upNext())).toEqual(new Set(['a', 'b']));
  });
});

describe('a target that can not serve the request', () => {
  const body = { seed: 1 };

  it('is not called, and does not fail the request while another one can', async () => {
    const { progress } = progressWith({ targets: [incapable, second], body });
    expect(nameOf(await progress.plan.next(progress.state))).toBe('second:a');
    expect(progress.plan.misfit).toBeUndefined();
  });

  it('gives the reason if it is the only one', async () => {
    const { progress } = progressWith({ targets: [incapable], body });
    expect(await progress.plan.next(progress.state)).toBeUndefined();
    expect(progress.plan.misfit).toMatchObject({ kind: 'unsupported', param: 'seed' });
  });

  it('gets the request without the field, if its upstream drops what it can not do', async () => {
    const target = { ...incapable, dropsUnsupported: true };
    const { progress } = progressWith({ targets: [target], body: { ...body, top_p: 1 } });
    expect(await progress.plan.next(progress.state)).toMatchObject({ candidate: { fitted: { top_p: 1 } } });
    expect(await progress.plan.next(progress.state)).not.toHaveProperty('candidate.fitted.seed');
  });

  it('stays refused in the next round', () => {
    const { progress } = progressWith({ targets: [incapable, second], body });
    progress.plan.note(second, { kind: 'failed', retryAfterMs: undefined });
    progress.plan.beginRound(progress.state);
    expect(progress.plan.standings()).toEqual([{ kind: 'refused' }]);
  });
});

describe('another target', () => {
  it.each<[string, readonly Target[], Partial<RetryState>, boolean]>([
    ['is left', [first, second], {}, true],
    ['is not there', [first], {}, false],
    ['fell silent', [first, second], { silent: ['second/m'] }, false],
    ['can not serve the request', [second, { ...incapable, upstream: 'third' }], {}, false],
  ])('%s', (_what, targets, over, hasAnother) => {
    const { progress } = progressWith({ targets, body: { seed: 1 } });
    const [asked = first] = targets;
    expect(progress.plan.hasAnother(asked, { ...firstRetryState, ...over })).toBe(hasAnother);
  });

  it('was tried already', () => {
    const { progress } = progressWith({ targets: [first, second] });
    progress.plan.note(second, { kind: 'failed', retryAfterMs: undefined });
    expect(progress.plan.hasAnother(first, progress.state)).toBe(false);
  });
});

describe('the time of a standing', () => {
  it.each<[Standing, Standing]>([
    [
      { kind: 'failed', retryAfterMs: 5000 },
      { kind: 'failed', retryAfterMs: 3000 },
    ],
    [
      { kind: 'failed', retryAfterMs: 1000 },
      { kind: 'failed', retryAfterMs: 0 },
    ],
    [
      { kind: 'failed', retryAfterMs: undefined },
      { kind: 'failed', retryAfterMs: undefined },
    ],
    [
      { kind: 'cooling', waitMs: 2500 },
      { kind: 'cooling', waitMs: 500 },
    ],
    [
      { kind: 'open', waitMs: 500, cause: 'server' },
      { kind: 'open', waitMs: 0, cause: 'server' },
    ],
    [{ kind: 'refused' }, { kind: 'refused' }],
  ])('passes while others are tried: %o', (noted, left) => {
    const { progress, clock } = progressWith({ targets: [first] });
    progress.plan.note(first, noted);
    clock.nowMs = 2000;
    expect(progress.plan.standings()).toEqual([left]);
  });

  it.each([
    [0, [{ target: 'first/m', ms: 3000 }]],
    [2999, [{ target: 'first/m', ms: 1 }]],
    [3000, []],
  ])('is told to the next run if it is longer than the wait before that: %i ms', (delayMs, away) => {
    const { progress, clock } = progressWith({ targets: all });
    progress.plan.note(first, { kind: 'failed', retryAfterMs: 5000 });
    progress.plan.note(second, { kind: 'cooling', waitMs: 9000 });
    progress.plan.note(third, { kind: 'failed', retryAfterMs: undefined });
    clock.nowMs = 2000;
    expect(progress.plan.awayAfter(delayMs)).toEqual(away);
  });
});

describe('a round', () => {
  const away = [{ target: 'first/m', ms: 800 }];

  it('passes over a target that is away since the run before', async () => {
    const { progress } = progressWith({ targets: all, state: { away } });
    expect(nameOf(await progress.plan.next(progress.state))).toBe('second:a');
    expect(progress.plan.standings()).toEqual([{ kind: 'failed', retryAfterMs: 800 }]);
  });

  it('has those targets again that failed or were not free, except those that are away', async () => {
    const { progress } = progressWith({ targets: all });
    const { plan } = progress;
    plan.note(first, { kind: 'failed', retryAfterMs: 5000 });
    plan.note(second, { kind: 'refused' });
    plan.note(third, { kind: 'cooling', waitMs: 10 });
    const state = { ...progress.state, away };
    plan.beginRound(state);
    expect(nameOf(await plan.next(state))).toBe('third:a');
  });
});

describe('a fallback', () => {
  const cooling: Choice = { kind: 'cooling', waitMs: 800 };
  const delivered = { content: 'Hello', reasoning: '', chunks: 1 };
  type Scene = NonNullable<Parameters<typeof progressWith>[0]>;

  it.each<[string, Scene, string]>([
    ['waits for a preferred target', {}, 'wait 800'],
    ['does not wait by default', { policy: {} }, 'second:a'],
    ['does not wait longer than its setting allows', { policy: { waitForPreferredMs: 799 } }, 'second:a'],
    ['does not wait beyond what earlier waits have left', { state: { preferredWaitMs: 300 } }, 'second:a'],
    ['does not wait beyond the deadline', { remainingMs: 800 }, 'second:a'],
    ['does not wait while the client has part of the answer', { delivered }, 'second:a'],
    ['waits for an open circuit', { choices: [{ kind: 'open', waitMs: 10, cause: '' }] }, 'wait 50'],
    ['does not wait for refused credentials', { choices: [{ kind: 'refused' }] }, 'second:a'],
  ])('%s', async (_what, scene, name) => {
    const targets = [first, second];
    const { progress } = progressWith({ targets, choices: [cooling], policy: { waitForPreferredMs: 1000 }, ...scene });
    expect(nameOf(await progress.plan.next(progress.state))).toBe(name);
  });

  it('does not wait for a target that fell silent', async () => {
    const { progress } = progressWith({ targets: [first, second], policy: { waitForPreferredMs: 1000 } });
    progress.plan.note(first, cooling);
    expect(nameOf(await progress.plan.next(progress.state))).toBe('wait 800');
    expect(nameOf(await progress.plan.next({ ...progress.state, silent: ['first/m'] }))).toBe('second:a');
  });
});
