import { describe, expect, it } from 'vitest';
import { pageOf, readPage } from '../../src/routes/model-page.ts';

const models = ['a', 'b', 'c', 'd'].map((id) => ({ id }));

describe('a page of the list of models', () => {
  it.each([
    [{}, 'abcd', false],
    [{ limit: '2' }, 'ab', true],
    [{ limit: '2', after_id: 'b' }, 'cd', false],
    [{ limit: '1', after_id: 'b' }, 'c', true],
    [{ limit: '2', before_id: 'd' }, 'bc', true],
    [{ before_id: 'c' }, 'ab', false],
    [{ after_id: 'x' }, 'abcd', false],
  ])('for %j has %s, and more: %s', (query, ids, hasMore) => {
    const page = pageOf(models, readPage(query));
    expect(page.items.map(({ id }) => id).join('')).toBe(ids);
    expect(page.hasMore).toBe(hasMore);
  });

  it.each([{ limit: '0' }, { limit: '1001' }, { limit: 'x' }, { limit: ['1', '2'] }])('refuses %j', (query) => {
    expect(() => readPage(query)).toThrow(/'limit'/);
  });

  it('refuses a repeated id', () => {
    expect(() => readPage({ after_id: ['a', 'b'] })).toThrow(/'after_id'/);
  });
});
