import { describe, expect, it } from 'vitest';
import { createCredentialPool } from '../../src/credentials/credential-pool.ts';

type Pool = ReturnType<typeof createCredentialPool>;

/** Returns the credential that is offered first. */
function next(pool: Pool): string | undefined {
  const { ids, close } = pool.offer();
  close();
  return ids[0];
}

describe('createCredentialPool', () => {
  it('prefers the least loaded credential', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }]);
    const first = pool.take('a');
    expect(next(pool)).toBe('b');
    expect(next(pool)).toBe('b');
    pool.take('b');
    pool.take('b');
    expect(next(pool)).toBe('a');
    first.giveBack();
    expect(next(pool)).toBe('a');
  });

  it('rotates while all are idle', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    const led = Array.from({ length: 6 }, () => next(pool));
    expect(led).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('gives simultaneous requests different credentials', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }]);
    pool.take('a');
    const offers = Array.from({ length: 5 }, () => pool.offer());
    const led = offers.filter(({ ids }) => ids[0] === 'b').length;
    expect(led).toBe(3);
  });

  it('offers suitable credentials in turn, and nothing if none is suitable', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    const led = Array.from({ length: 4 }, () => pool.offer(({ id }) => id !== 'b').ids[0]);
    expect(new Set(led)).toEqual(new Set(['a', 'c']));
    expect(pool.offer(() => false).ids).toEqual([]);
    expect([pool.hasSome(({ id }) => id === 'b'), pool.hasSome(() => false)]).toEqual([true, false]);
  });

  it('refuses an id that is not its own', () => {
    expect(() => createCredentialPool([{ id: 'a' }]).take('z')).toThrow('no credential z');
  });
});
