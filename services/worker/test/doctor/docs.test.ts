import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { checkIds } from '../../src/doctor/check.ts';

it('docs/doctor.md has a line for each check, in the same order', () => {
  const page = readFileSync(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8');
  const [, table = ''] = /^\| Check [^]*?\n\| -[^]*?\n([^]*?)\n\n/m.exec(page) ?? [];
  expect(Array.from(table.matchAll(/^\| `([a-z._]+)`/gm), ([, id]) => id)).toEqual([...checkIds]);
});
