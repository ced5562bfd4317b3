import { describe, expect, it } from 'vitest';
import { valueRows } from '../src/values-table.ts';

describe('the table of values', () => {
  it('has a row for each comment that begins with two dashes', () => {
    const rows = valueRows(`# A note.

# -- Its name.
name: ""
image:
  # -- Where it
  # lies.
  registry: ghcr.io
  # -- Its tag.
  tag: null
`);
    expect(rows).toEqual([
      { path: 'name', fallback: '""', meaning: 'Its name.' },
      { path: 'image.registry', fallback: '"ghcr.io"', meaning: 'Where it lies.' },
      { path: 'image.tag', fallback: 'null', meaning: 'Its tag.' },
    ]);
  });

  it('has one row for a mapping with a comment', () => {
    const rows = valueRows('# -- For all.\npod:\n  # no dashes\n  labels: { a: b }\n');
    expect(rows).toEqual([{ path: 'pod', fallback: '{"labels":{"a":"b"}}', meaning: 'For all.' }]);
  });

  it('refuses a value without a comment', () => {
    expect(() => valueRows('# -- One.\none: 1\ntwo: 2\n')).toThrow('two in values.yaml has no comment');
  });
});
