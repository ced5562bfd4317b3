import { readFileSync } from 'node:fs';
import { errorTable } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const page = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
const row = /^\| `(\w+)` +\| (\d{3}) +\| `(\w+)` +\| (yes|no) +\| \S/gm;

describe('docs/errors.md', () => {
  it('has the rows of the error table, each once, and no others', () => {
    const documented = Array.from(page.matchAll(row), ([, code, status, type, retry]) => ({
      code,
      status: Number(status),
      type,
      retryable: retry === 'yes',
    }));
    const coded = Object.entries(errorTable).map(([code, { status, type, retryable }]) => ({
      code,
      status,
      type,
      retryable,
    }));
    const byCode = (a: { code?: string | undefined }, b: { code?: string | undefined }): number =>
      String(a.code).localeCompare(String(b.code));
    expect(documented.toSorted(byCode)).toEqual(coded.toSorted(byCode));
  });
});
