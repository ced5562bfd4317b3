import type { RetryState } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';
import type { AttemptResult } from '../../src/attempt/attempt-result.ts';
import { run } from '../../src/run.ts';
import type { Outcome } from '../../src/run/claimed-run.ts';
import { claimedRunWith, jobWith, runNeedsWith, targetWith } from '../scene.ts';

const facts = { wasCalled: true, wasResent: false, isTokenRefused: false };
const targets = [targetWith({ upstream: 'u' }), targetWith({ upstream: 'v', priority: 2 })];
const broken: AttemptResult = {
  kind: 'failed',
  events: 3,
  received: 3,
  failure: { kind: 'truncated', message: '' },
  ...facts,
};
const failed = (retryAfterMs: number | undefined): AttemptResult => ({
  kind: 'failed',
  events: 0,
  received: 0,
  failure: { kind: 'server', message: '', retryAfterMs },
  ...facts,
});

/** An attempt, and its length in ms. */
type Attempt = readonly [result: AttemptResult, lengthMs: number];

/** Makes these attempts, in order, on a clock that passes while they last. */
async function play(
  attempts: readonly Attempt[],
  { state, abortReason }: { readonly state?: RetryState; readonly abortReason?: 'draining' } = {},
) {
  const job = jobWith(state === undefined ? {} : { state });
  const runs = createActiveRuns();
  const active = runs.open(job);
  const left = [...attempts];
  const asked: string[] = [];
  let now = 0;
  const outcome = await run(
    runNeedsWith({
      targetsOf: () => targets,
      makeAttempt(_run, { target }, { sink }) {
        asked.push(target.upstream);
        const [result, lengthMs] = left.shift() ?? [failed(undefined), 0];
        now += lengthMs;
        if (result.events > 0) sink.onAnswer();
        if (result.kind === 'aborted' && abortReason !== undefined) runs.abortAll(abortReason);
        return Promise.resolve(result);
      },
      now: () => now,
    }),
    claimedRunWith({ job, active }),
  );
  return { outcome, asked };
}

function stateOf(outcome: Outcome): RetryState {
  if (outcome.kind !== 'retry') throw new Error('the request was not given back');
  return outcome.state;
}

describe('targets that asked for a longer wait', () => {
  it.each<[name: string, attempts: readonly Attempt[], away: RetryState['away']]>([
    [
      'a stream that breaks at once',
      [
        [failed(8000), 0],
        [broken, 0],
      ],
      [{ target: 'u/m', ms: 8000 }],
    ],
    [
      'a stream that breaks after 3 s',
      [
        [failed(8000), 500],
        [broken, 3000],
      ],
      [{ target: 'u/m', ms: 5000 }],
    ],
    [
      'a stream that breaks after 8 s',
      [
        [failed(8000), 0],
        [broken, 8000],
      ],
      [],
    ],
    [
      'a target that asked for no wait',
      [
        [failed(undefined), 0],
        [broken, 0],
      ],
      [],
    ],
    [
      'the broken stream itself',
      [[{ ...broken, failure: { kind: 'server', message: '', retryAfterMs: 2000 } }, 9000]],
      [{ target: 'u/m', ms: 2000 }],
    ],
  ])('are passed over by the next run for the rest of their time: %s', async (_name, attempts, away) => {
    const { outcome } = await play(attempts);
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 0 });
    expect(stateOf(outcome).away).toEqual(away);
  });

  it('count their time from the failure, not from the end of the round', async () => {
    const { outcome } = await play([
      [failed(8000), 0],
      [failed(undefined), 3000],
    ]);
    expect(outcome).toMatchObject({ kind: 'retry', delayMs: 100, state: { away: [{ target: 'u/m', ms: 4900 }] } });
  });

  it.each([
    ['the one that failed first', 8000, 9000, 5000, [{ target: 'v/m', ms: 4000 }]],
    ['the one that failed last', 9000, 4000, 4000, [{ target: 'u/m', ms: 2000 }]],
    ['none, because its time is over', 2000, 9000, 100, [{ target: 'v/m', ms: 8900 }]],
  ])('are waited for until the first is back: %s', async (_which, first, last, delayMs, away) => {
    const { outcome } = await play([
      [failed(first), 0],
      [failed(last), 3000],
    ]);
    expect(outcome).toMatchObject({ kind: 'retry', delayMs, state: { away } });
  });

  it.each([
    [2000, [{ target: 'u/m', ms: 3000 }]],
    [5000, []],
  ])('are known from an earlier run, and back after %i ms of a stream', async (lengthMs, away) => {
    const state = { ...stateOf((await play([[broken, 0]])).outcome), away: [{ target: 'u/m', ms: 5000 }] };
    const { outcome, asked } = await play([[broken, lengthMs]], { state });
    expect(asked).toEqual(['v']);
    expect(stateOf(outcome).away).toEqual(away);
  });

  it.each([
    [1000, [{ target: 'u/m', ms: 7000 }]],
    [9000, []],
  ])('are known after a shutdown that interrupts the next target after %i ms', async (lengthMs, away) => {
    const aborted: AttemptResult = { kind: 'aborted', events: 0, received: 0, ...facts };
    const attempts: readonly Attempt[] = [
      [failed(8000), 0],
      [aborted, lengthMs],
    ];
    const { outcome } = await play(attempts, { abortReason: 'draining' });
    expect(stateOf(outcome).away).toEqual(away);
  });

  it('are asked again by the run after a stream that lasted longer than their time', async () => {
    const first = await play([
      [failed(8000), 0],
      [broken, 9000],
    ]);
    const second = await play([[failed(undefined), 0]], { state: stateOf(first.outcome) });
    expect(first.asked).toEqual(['u', 'v']);
    expect(second.asked).toContain('u');
  });
});
