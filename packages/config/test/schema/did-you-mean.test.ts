import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/schema/did-you-mean.ts';

const names = ['base_url', 'credentials', 'id', 'type', 'max_delay_ms'];

describe('nearest', () => {
  it.each([
    ['baseUrl', 'base_url'],
    ['BASE-URL', 'base_url'],
    ['bse_url', 'base_url'],
    ['credential', 'credentials'],
    ['tpye', 'type'],
    ['max_dealy', 'max_delay_ms'],
  ])('returns for %s the name %s', (written, meant) => {
    const extended = [...names, 'max_delay'];
    expect(nearest(written, meant === 'max_delay_ms' ? names : extended)).toBe(
      meant === 'max_delay_ms' ? undefined : meant,
    );
  });

  it.each(['x', 'colour', 'timeouts', '', 'a'.repeat(1000)])('returns undefined for %s', (written) => {
    expect(nearest(written, names)).toBeUndefined();
  });
});
