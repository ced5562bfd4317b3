import { orderTargets, type PlannedTarget } from '@sluice/policy';
import { firstRetryState, type RetryState } from '@sluice/protocol';
import { expect, it } from 'vitest';

interface Target extends PlannedTarget {
  readonly canContinue: boolean;
}

/** Parses `a/m+`: upstream, model, and `+` if it can resume. */
const target = (name: string): Target => {
  const [upstream = '', model = ''] = name.replace('+', '').split(/\/(.*)/);
  return { upstream, model, priority: 1, weight: 1, canContinue: name.endsWith('+') };
};

function order(names: readonly string[], state: Partial<RetryState>, hasDelivered = true): string[] {
  const targets = names.map(target);
  const ordered = orderTargets(targets, {
    state: { ...firstRetryState, ...state },
    hasDelivered,
    canContinue: ({ canContinue }) => canContinue,
  });
  return ordered.map(({ upstream, model, canContinue }) => `${upstream}/${model}${canContinue ? '+' : ''}`);
}

const brokenAt = { upstream: 'a', model: 'm' };

it.each<[string, readonly string[], Partial<RetryState>, readonly string[]]>([
  ['nothing has happened', ['a/m', 'b/m', 'c/n'], {}, ['a/m', 'b/m', 'c/n']],
  ['a target was silent', ['a/m', 'b/m', 'c/n'], { silent: ['a/m'] }, ['b/m', 'c/n', 'a/m']],
  ['a target stalled', ['a/m+', 'b/m', 'c/n'], { stalled: ['a/m'], brokenAt }, ['b/m', 'c/n', 'a/m+']],
  ['an answer was cut', ['c/n', 'a/m', 'b/m'], { brokenAt }, ['b/m', 'a/m', 'c/n']],
  ['it was cut, and its target can resume', ['c/n', 'a/m+', 'b/m'], { brokenAt }, ['a/m+', 'b/m', 'c/n']],
  ['it was cut, and others can resume', ['c/n+', 'a/m+', 'b/m+', 'd/m'], { brokenAt }, ['b/m+', 'a/m+', 'd/m', 'c/n+']],
  [
    'an answer was unreadable',
    ['a/m+', 'c/n', 'b/m', 'd/o+'],
    { brokenAt, lastFailure: { kind: 'malformed', message: 'x', target: 'a/m' } },
    ['b/m', 'd/o+', 'c/n', 'a/m+'],
  ],
  [
    'a resumed answer was unreadable too',
    ['a/m', 'c/n', 'b/m'],
    { brokenAt, lastFailure: { kind: 'malformed', message: 'x', target: 'b/m' } },
    ['b/m', 'a/m', 'c/n'],
  ],
  ['another model can resume', ['c/n', 'd/o+', 'a/m'], { brokenAt }, ['a/m', 'd/o+', 'c/n']],
  ['the same model has a vendor prefix', ['c/n', 'a/m', 'b/vendor/M'], { brokenAt }, ['b/vendor/M', 'a/m', 'c/n']],
  [
    'the request prefers a target, and the client has part of an answer',
    ['a/m', 'b/m', 'c/n'],
    { staysAt: { target: 'c/n', triesLeft: 1 } },
    ['a/m', 'b/m', 'c/n'],
  ],
])('orders targets when %s', (_what, names, state, expected) => {
  expect(order(names, state)).toEqual(expected);
});

it.each<[string, Partial<RetryState>, readonly string[]]>([
  ['has tries left', { staysAt: { target: 'c/n', triesLeft: 1 } }, ['c/n', 'a/m', 'b/m']],
  ['has none left', { staysAt: { target: 'c/n', triesLeft: 0 } }, ['a/m', 'b/m', 'c/n']],
  ['fell silent', { staysAt: { target: 'c/n', triesLeft: 1 }, silent: ['c/n'] }, ['a/m', 'b/m', 'c/n']],
  ['broke before its text', { staysAt: { target: 'a/m', triesLeft: 1 }, brokenAt }, ['a/m', 'b/m', 'c/n']],
])('keeps or ends the preference for a first target that %s', (_what, state, expected) => {
  expect(order(['a/m', 'b/m', 'c/n'], state, false)).toEqual(expected);
});

it('puts the broken target last if the client has no part of its answer', () => {
  expect(order(['a/m+', 'c/n', 'b/m'], { brokenAt }, false)).toEqual(['c/n', 'b/m', 'a/m+']);
});
