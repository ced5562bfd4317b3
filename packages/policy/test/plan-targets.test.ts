import { orderCredentials, type PlannedTarget, planTargets, targetName } from '@sluice/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const target = (upstream: string, priority = 1, weight = 1): PlannedTarget => ({
  upstream,
  model: 'm',
  priority,
  weight,
});

describe('planTargets', () => {
  it('puts lower priorities first, for all weights and random numbers', () => {
    const targets = [target('c', 3, 100), target('a', 1, 1), target('b', 2, 1000)];
    fc.assert(
      fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })), (dice) => {
        const random = () => dice.next().value;
        expect(planTargets(targets, random).map(({ upstream }) => upstream)).toEqual(['a', 'b', 'c']);
      }),
    );
  });

  it('puts each target of one priority first in proportion to its weight', () => {
    const targets = [target('a', 1, 3), target('b', 1, 1)];
    let state = 42;
    const random = () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
    let led = 0;
    for (let round = 0; round < 20_000; round++) if (planTargets(targets, random)[0]?.upstream === 'a') led++;
    expect(led / 20_000).toBeCloseTo(0.75, 1);
  });

  it('keeps each target exactly once', () => {
    const targets = ['a', 'b', 'c', 'd'].map((id) => target(id, 1, 2));
    const planned = planTargets(targets, Math.random).map(targetName);
    expect(planned.toSorted()).toEqual(targets.map(targetName));
  });
});

describe('orderCredentials', () => {
  const credentials = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
  const order = (loads: Record<string, number>, turn: number) =>
    orderCredentials(credentials, { loadOf: ({ id }) => loads[id] ?? 0, turn }).map(({ id }) => id);

  it('offers the least loaded first', () => {
    expect(order({ a: 2, b: 0, c: 1 }, 0)).toEqual(['b', 'c', 'a']);
  });

  it('rotates among equals', () => {
    expect([0, 1, 2, 3].map((turn) => order({}, turn)[0])).toEqual(['a', 'b', 'c', 'a']);
  });
});
