import { describe, expect, it } from 'vitest';
import { createCredentialPool } from '../src/credential-pool.ts';

describe('createCredentialPool', () => {
  it('prefers whoever carries least', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }]);
    const first = pool.take('a');
    expect(pool.preference()[0]).toBe('b');
    expect(pool.preference()[0]).toBe('b');
    pool.take('b');
    pool.take('b');
    expect(pool.preference()[0]).toBe('a');
    first.giveBack();
    expect(pool.preference()[0]).toBe('a');
  });

  it('rotates while all are idle', () => {
    const pool = createCredentialPool([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
    const led = Array.from({ length: 6 }, () => pool.preference()[0]);
    expect(led).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('refuses an id that is not its own', () => {
    expect(() => createCredentialPool([{ id: 'a' }]).take('z')).toThrow('no credential z');
  });
});
