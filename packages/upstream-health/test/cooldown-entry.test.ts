import { describe, expect, it } from 'vitest';
import { fieldOf, isFieldOf, readCooldown } from '../src/cooldown-entry.ts';

const read = (value: string, field = 'a') => readCooldown({ field, value, now: 1000, maxCooldownMs: 60_000 });
const entry = { credentialId: 'a', model: undefined, remainingMs: 500, isRefused: false, reason: '' };

describe('the field of a cooldown', () => {
  it.each([
    [undefined, 'a'],
    ['m', 'a\tm'],
    ['m/x 1', 'a\tm/x 1'],
  ])('names the credential, and the model that it applies to: %s', (model, field) => {
    expect(fieldOf({ credentialId: 'a', model })).toBe(field);
    expect(read('1500', field)).toEqual([{ ...entry, model }]);
    expect(isFieldOf(field, 'a')).toBe(true);
  });

  it.each(['ab', 'b', 'ab\tm', 'm\ta'])('belongs to no credential with a longer or another id: %j', (field) => {
    expect(isFieldOf(field, 'a')).toBe(false);
  });
});

describe('the value of a cooldown', () => {
  it.each([
    ['1500', {}],
    ['1500 rate_limit', { reason: 'rate_limit' }],
    ['1500! authentication', { isRefused: true, reason: 'authentication' }],
    ['1500? quota', { reason: 'quota' }],
    ['61000', { remainingMs: 60_000 }],
  ])('is read: %s', (value, over) => {
    expect(read(value)).toEqual([{ ...entry, ...over }]);
  });

  it.each([
    ['has ended', '1000'],
    ['ends after the longest cooldown', '61001'],
    ['is not one of ours', 'soon'],
    ['is empty', ''],
  ])('counts for nothing if it %s', (_why, value) => {
    expect(read(value)).toEqual([]);
  });
});
