import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTurnBatch } from '../src/index.ts';

/** A batch whose calls are recorded; `fails` returns the error of a call, if any. */
function setUp(fails: (items: readonly number[]) => Error | undefined = () => undefined) {
  const calls: (readonly number[])[] = [];
  const batch = createTurnBatch(async (items: readonly number[]) => {
    calls.push([...items]);
    const error = fails(items);
    if (error !== undefined) throw error;
  });
  return { batch, calls };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe('a batch of a turn', () => {
  it('sends the items of one turn in one call, and those of the next turn in another', async () => {
    const { batch, calls } = setUp();
    await Promise.all([batch.add(1), Promise.resolve().then(() => batch.add(2))]);
    await batch.add(3);
    expect(calls).toEqual([[1, 2], [3]]);
  });

  it('sends at most 50 items in one call', async () => {
    const { batch, calls } = setUp();
    await Promise.all(upTo(120).map(batch.add));
    expect(calls).toEqual([upTo(50), upTo(100).slice(50), upTo(120).slice(100)]);
  });

  it('sends its items at once when it must', async () => {
    const { batch, calls } = setUp();
    const added = batch.add(1);
    batch.flush();
    expect(calls).toEqual([[1]]);
    batch.flush();
    await Promise.all([added, batch.add(2)]);
    await nextTurn();
    expect(calls).toEqual([[1], [2]]);
  });

  it('sends each item again alone when a call fails, and only the bad one fails', async () => {
    const { batch, calls } = setUp((items) => (items.includes(2) ? new Error('WRONGTYPE') : undefined));
    const settled = await Promise.allSettled([1, 2, 3].map(batch.add));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it('sends nothing again when Redis is away, and all its items fail', async () => {
    const { batch, calls } = setUp(() => new Error('Connection is closed.'));
    const settled = await Promise.allSettled([1, 2].map(batch.add));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toEqual([[1, 2]]);
  });
});
