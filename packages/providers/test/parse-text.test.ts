import { writeLossless } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseObject } from '../src/json-object.ts';
import { parseClientJson, parseProviderJson, parseText } from '../src/parse-text.ts';

const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe("JSON in a client's text", () => {
  it.each(['{"id":2512292042121000001,"2":1,"1":1.0}', '[]', '"text"', 'null', nested(64)])('is parsed: %s', (text) => {
    expect(writeLossless(parseClientJson(text))).toBe(text);
  });

  it.each([
    ['invalid JSON', '{"a":'],
    ['nothing', ''],
    ['65 levels', nested(65)],
    ['a hundred thousand levels', nested(100_000)],
    ['only opening brackets', '['.repeat(1_000_000)],
    ['more than 10,000 values', `[${'0,'.repeat(10_001)}0]`],
    ['more than 1 MiB', JSON.stringify('x'.repeat(1_048_577))],
  ])('is not parsed if it is %s', (_, text) => {
    expect(parseClientJson(text)).toBeUndefined();
  });
});

describe("a provider's JSON", () => {
  it('is parsed up to 512 levels and ten million values', () => {
    expect(parseProviderJson(nested(512))).toBeDefined();
    expect(parseProviderJson(nested(513))).toBeUndefined();
    expect(parseProviderJson(nested(100_000))).toBeUndefined();
    expect(parseProviderJson(`[${'[],'.repeat(5_000_001)}0]`)).toBeUndefined();
    expect(parseText(z.unknown(), nested(10_000))).toBeUndefined();
    expect(parseObject(nested(10_000))).toBeUndefined();
  });
});
