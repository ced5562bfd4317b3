import { orderTargets, type PlannedTarget } from '@sluice/policy';
import { firstRetryState, type RetryState } from '@sluice/protocol';
import { expect, it } from 'vitest';

interface Target extends PlannedTarget {
  readonly canContinue: boolean;
}

/** As in `a/m+`: upstream, model, and whether it can write on. */
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
  ['it was cut, and its target can write on', ['c/n', 'a/m+', 'b/m'], { brokenAt }, ['a/m+', 'b/m', 'c/n']],
  [
    'it was cut, and others can write on',
    ['c/n+', 'a/m+', 'b/m+', 'd/m'],
    { brokenAt },
    ['b/m+', 'a/m+', 'd/m', 'c/n+'],
  ],
  [
    'an answer could not be read on',
    ['a/m+', 'c/n', 'b/m', 'd/o+'],
    { brokenAt, lastFailure: { kind: 'malformed', message: 'x', target: 'a/m' } },
    ['b/m', 'd/o+', 'c/n', 'a/m+'],
  ],
  [
    'a rescue could not be read either',
    ['a/m', 'c/n', 'b/m'],
    { brokenAt, lastFailure: { kind: 'malformed', message: 'x', target: 'b/m' } },
    ['b/m', 'a/m', 'c/n'],
  ],
  ['another model can write on', ['c/n', 'd/o+', 'a/m'], { brokenAt }, ['a/m', 'd/o+', 'c/n']],
  [
    'the same model has a vendor before its name',
    ['c/n', 'a/m', 'b/vendor/M'],
    { brokenAt },
    ['b/vendor/M', 'a/m', 'c/n'],
  ],
  [
    'the request was to stay at a target, and the client has a part of an answer',
    ['a/m', 'b/m', 'c/n'],
    { staysAt: { target: 'c/n', triesLeft: 1 } },
    ['a/m', 'b/m', 'c/n'],
  ],
])('orders targets where %s', (_what, names, state, expected) => {
  expect(order(names, state)).toEqual(expected);
});

it.each<[string, Partial<RetryState>, readonly string[]]>([
  ['has tries left', { staysAt: { target: 'c/n', triesLeft: 1 } }, ['c/n', 'a/m', 'b/m']],
  ['has none left', { staysAt: { target: 'c/n', triesLeft: 0 } }, ['a/m', 'b/m', 'c/n']],
  ['fell silent', { staysAt: { target: 'c/n', triesLeft: 1 }, silent: ['c/n'] }, ['a/m', 'b/m', 'c/n']],
  ['broke before its text', { staysAt: { target: 'a/m', triesLeft: 1 }, brokenAt }, ['a/m', 'b/m', 'c/n']],
])('puts the target first that a request was sent to first where it %s', (_what, state, expected) => {
  expect(order(['a/m', 'b/m', 'c/n'], state, false)).toEqual(expected);
});

it('puts the target that broke after the others where the client has nothing of its answer', () => {
  expect(order(['a/m+', 'c/n', 'b/m'], { brokenAt }, false)).toEqual(['c/n', 'b/m', 'a/m+']);
});
