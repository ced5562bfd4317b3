import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createTurnBatches } from '../src/index.ts';

/** Batches whose calls are recorded; `fails` returns the error of a call, if any. The reply is ten times the item. */
function setUp(fails: (items: readonly number[]) => Error | undefined = () => undefined, isRepeatable = true) {
  const calls: (readonly [string, ...number[]])[] = [];
  const batches = createTurnBatches({
    async send(key: string, items: readonly number[]) {
      calls.push([key, ...items]);
      const error = fails(items);
      if (error !== undefined) throw error;
      return items.map((item) => 10 * item);
    },
    isRepeatable,
  });
  return { batches, calls };
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe('the items of a turn', () => {
  it('are sent in one call for each key, and those of the next turn in another', async () => {
    const { batches, calls } = setUp();
    const added = [batches.add('a', 1), batches.add('b', 2), Promise.resolve().then(() => batches.add('a', 3))];
    expect(await Promise.all(added)).toEqual([10, 20, 30]);
    await batches.add('a', 4);
    expect(calls).toEqual([
      ['a', 1, 3],
      ['b', 2],
      ['a', 4],
    ]);
  });

  it('are sent by fifties', async () => {
    const { batches, calls } = setUp();
    expect(await Promise.all(upTo(120).map((item) => batches.add('a', item)))).toEqual(
      upTo(120).map((item) => 10 * item),
    );
    expect(calls).toEqual([upTo(50), upTo(100).slice(50), upTo(120).slice(100)].map((items) => ['a', ...items]));
  });

  it('are sent at once for a command that must not overtake them', async () => {
    const { batches, calls } = setUp();
    const added = batches.add('a', 1);
    batches.flush();
    expect(calls).toEqual([['a', 1]]);
    batches.flush();
    await Promise.all([added, batches.add('a', 2)]);
    await nextTurn();
    expect(calls).toEqual([
      ['a', 1],
      ['a', 2],
    ]);
  });

  it('are sent again, each alone, when a repeatable call fails, and only the bad one fails', async () => {
    const { batches, calls } = setUp((items) => (items.includes(2) ? new Error('WRONGTYPE') : undefined));
    const settled = await Promise.allSettled([1, 2, 3].map((item) => batches.add('a', item)));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(calls.map(([, ...items]) => items)).toEqual([[1, 2, 3], [1], [2], [3]]);
  });

  it.each([
    ['Redis is away', new Error('Connection is closed.'), true],
    ['the call must not be repeated', new Error('WRONGTYPE'), false],
  ])('are not sent again when a call fails and %s', async (_when, error, isRepeatable) => {
    const { batches, calls } = setUp(() => error, isRepeatable);
    const settled = await Promise.allSettled([1, 2].map((item) => batches.add('a', item)));
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(calls).toHaveLength(1);
  });
});
