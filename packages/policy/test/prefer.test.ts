import { countTry, isToStay, preferredWaitMs, type Standing } from '@sluice/policy';
import { firstRetryState, type RetryState, type UpstreamFailure } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const server: UpstreamFailure = { kind: 'server', message: 'x' };

describe('countTry', () => {
  /** Returns whether the last of these failed targets must be tried again before any other. */
  function staysAfter(sameTarget: number, targets: readonly string[], failure = server, events = 0): boolean {
    const state = targets.reduce<RetryState>(
      (before, target) => countTry({ policy: { sameTarget }, state: before, target, failure, events }),
      firstRetryState,
    );
    return isToStay(state, targets.at(-1) ?? '');
  }

  it.each<[number, readonly string[], boolean]>([
    [1, ['a'], false],
    [2, ['a'], true],
    [2, ['a', 'a'], false],
    [3, ['a', 'a'], true],
    [3, ['a', 'a', 'a'], false],
    [3, ['a', 'a', 'a', 'a'], false],
  ])('allows %i tries at the first target: after failures at %j it is preferred: %s', (tries, failed, stays) => {
    expect(staysAfter(tries, failed)).toBe(stays);
  });

  it('prefers neither a fallback, nor the first target once another was tried', () => {
    expect(staysAfter(3, ['a', 'b'])).toBe(false);
    expect(staysAfter(3, ['a', 'b', 'a'])).toBe(false);
  });

  it.each<[string, UpstreamFailure, number]>([
    ['silent', { kind: 'timeout', message: 'x' }, 0],
    ['unreadable', { kind: 'malformed', message: 'x' }, 0],
    ['broken after events were passed on', server, 3],
  ])('releases a request from a target whose answer is %s', (_what, failure, events) => {
    expect(staysAfter(5, ['a'], failure, events)).toBe(false);
  });

  it('leaves the state unchanged if one try is allowed', () => {
    expect(
      countTry({ policy: { sameTarget: 1 }, state: firstRetryState, target: 'a', failure: server, events: 0 }),
    ).toBe(firstRetryState);
  });
});

describe('preferredWaitMs', () => {
  const cooling = (waitMs: number): Standing => ({ kind: 'cooling', waitMs });
  const open = (waitMs: number): Standing => ({ kind: 'open', waitMs });
  const failed: Standing = { kind: 'failed', retryAfterMs: undefined };
  const refused: Standing = { kind: 'refused' };

  it.each<[string, readonly Standing[], number | undefined]>([
    ['nothing is preferred', [], undefined],
    ['a credential is back in time', [cooling(800)], 800],
    ['a circuit is tried in time', [open(900)], 900],
    ['the first of several is back in time', [cooling(5000), open(700)], 700],
    ['none is back in time', [cooling(1001), open(2000)], undefined],
    ['a target has failed', [failed], undefined],
    ['one has failed and the credentials of another are back in time', [failed, cooling(300)], undefined],
    ['one has failed and the circuit of another is tried in time', [open(50), failed], undefined],
    ['one has refused and another is back in time', [refused, cooling(300)], 300],
    ['every one has refused', [refused], undefined],
    ['a probe is under way', [open(1)], 50],
  ])('within a limit of one second, when %s: %j → %s', (_what, preferred, expected) => {
    const policy = { waitForPreferredMs: 1000 };
    expect(preferredWaitMs({ policy, state: firstRetryState, preferred, remainingMs: 60_000 })).toBe(expected);
  });

  it('waits in total at most as long as the policy allows', () => {
    const facts = { policy: { waitForPreferredMs: 1000 }, preferred: [cooling(400)], remainingMs: 60_000 };
    expect(preferredWaitMs({ ...facts, state: { ...firstRetryState, preferredWaitMs: 600 } })).toBe(400);
    expect(preferredWaitMs({ ...facts, state: { ...firstRetryState, preferredWaitMs: 601 } })).toBeUndefined();
  });

  it('waits less than the time until the deadline', () => {
    const facts = { policy: { waitForPreferredMs: 1000 }, preferred: [cooling(400)], state: firstRetryState };
    expect(preferredWaitMs({ ...facts, remainingMs: 400 })).toBeUndefined();
  });

  it('does not wait if the policy does not set it', () => {
    const facts = { policy: { waitForPreferredMs: 0 }, preferred: [cooling(1)], state: firstRetryState };
    expect(preferredWaitMs({ ...facts, remainingMs: 60_000 })).toBeUndefined();
  });
});
