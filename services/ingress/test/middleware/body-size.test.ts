import { describe, expect, it } from 'vitest';
import { bodySizeOf, isSmall } from '../../src/middleware/body-size.ts';

describe('the declared size of a body', () => {
  it.each([
    [{}, 0, undefined],
    [{ 'content-length': '12' }, 12, undefined],
    [{ 'transfer-encoding': 'chunked' }, undefined, undefined],
    [{ 'content-length': '12', 'content-encoding': ' GZip ' }, 12, 'gzip'],
    [{ 'content-length': '12', 'content-encoding': 'identity' }, 12, undefined],
    [{ 'content-length': '12', 'content-encoding': '' }, 12, undefined],
  ])('is read from %j', (headers, length, coding) => {
    expect(bodySizeOf({ headers })).toEqual({ length, coding });
  });

  it.each([
    ['a body up to the bound', { length: 100, coding: undefined }, true],
    ['no body', { length: 0, coding: undefined }, true],
    ['a larger body', { length: 101, coding: undefined }, false],
    ['a body in chunks', { length: undefined, coding: undefined }, false],
    ['a compressed body', { length: 10, coding: 'gzip' }, false],
  ])('of %s is small: %j %s', (_what, size, expected) => {
    expect(isSmall(size, 100)).toBe(expected);
  });
});
