import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { columns } from './adapters.ts';
import { judge } from './judge.ts';
import { dialects, pageFile, pageText } from './page.ts';
import { nameOf } from './probe.ts';

describe.each(dialects)('a field of $title', (dialect) => {
  it.each([
    ['no upstream', false],
    ['an upstream', true],
  ])('is never lost without a word, if %s of the client’s protocol may answer', (_which, isNative) => {
    const lost = dialect.probes.flatMap((probe) =>
      columns
        .filter((column) => judge(dialect, column, probe, isNative) === 'lost')
        .map(({ title }) => `${nameOf(probe)} at ${title}`),
    );
    expect(lost).toEqual([]);
  });

  it('has a reason only if an upstream does not get it', () => {
    const unsent = dialect.probes.filter((probe) =>
      columns.some((column) => judge(dialect, column, probe) === 'unsent'),
    );
    expect(new Set(unsent.map(nameOf))).toEqual(new Set(Object.keys(dialect.unsent)));
  });

  it('has one row', () => {
    const names = dialect.probes.map(nameOf);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });
});

it('has its row in docs/dropped-fields.md', () => {
  expect(
    readFileSync(pageFile, 'utf8') === pageText(),
    'docs/dropped-fields.md is out of date: run npm run generate -w @sluice/surfaces',
  ).toBe(true);
});
