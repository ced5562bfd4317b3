import { describe, expect, it } from 'vitest';
import { createBodyBudget } from '../../src/middleware/body-budget.ts';

const budgetOf = () => createBodyBudget({ totalBytes: 100, perKeyBytes: 60 });

describe('the budget of bodies', () => {
  it('holds the bytes of a body until it is stored, or its request ends', () => {
    const budget = budgetOf();
    const [one, two] = [budget.open('a'), budget.open('a')];
    one.grow(20);
    two.grow(30);
    expect([budget.held, budget.heldBy('a')]).toEqual([50, 2]);
    one.stored();
    two.release();
    expect([budget.held, budget.heldBy('a')]).toEqual([0, 0]);
    expect([one.isStored(), two.isStored()]).toEqual([true, false]);
  });

  it('counts the largest size of a body, not the sum of its growth', () => {
    const budget = budgetOf();
    const hold = budget.open('a');
    for (const bytes of [10, 40, 20]) hold.grow(bytes);
    expect([budget.held, hold.bytes()]).toEqual([40, 40]);
  });

  it('leaves copies for the records a quarter, and nothing that requests use', () => {
    const { copies, ...budget } = budgetOf();
    expect([copies.take(20), copies.take(6), copies.take(5)]).toEqual([true, false, true]);
    copies.give(25);
    budget.open('a').grow(60);
    budget.open('b').grow(30);
    expect([copies.take(11), copies.take(10)]).toEqual([false, true]);
  });

  it('gives back the bytes of a body once', () => {
    const budget = budgetOf();
    const [one, two] = [budget.open('a'), budget.open('a')];
    one.grow(20);
    two.grow(20);
    one.stored();
    one.release();
    one.stored();
    expect([budget.held, budget.heldBy('a')]).toEqual([20, 1]);
  });

  it('holds nothing more for a body that was given back', () => {
    const budget = budgetOf();
    const hold = budget.open('a');
    hold.release();
    hold.grow(50);
    expect([budget.held, hold.bytes()]).toEqual([0, 0]);
  });

  it('refuses the byte too many of one key with 429', () => {
    const budget = budgetOf();
    budget.open('a').grow(40);
    const hold = budget.open('a');
    hold.grow(20);
    expect(() => hold.grow(21)).toThrow(
      expect.objectContaining({ code: 'concurrency_limit_exceeded', status: 429, retryAfterMs: 1000 }) as Error,
    );
    expect([budget.held, hold.bytes()]).toEqual([60, 20]);
  });

  it('refuses the byte too many of all keys with 503', () => {
    const budget = budgetOf();
    budget.open('a').grow(60);
    const hold = budget.open('b');
    hold.grow(40);
    expect(() => hold.grow(41)).toThrow(
      expect.objectContaining({ code: 'server_overloaded', status: 503, retryAfterMs: 1000 }) as Error,
    );
    expect(budget.held).toBe(100);
  });

  it('counts the bodies of each key alone', () => {
    const budget = budgetOf();
    budget.open('a').grow(60);
    budget.open('b').grow(10);
    expect([budget.heldBy('a'), budget.heldBy('b'), budget.heldBy('c')]).toEqual([1, 1, 0]);
  });
});
