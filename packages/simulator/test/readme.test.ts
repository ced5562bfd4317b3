import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { directiveNames } from '../src/faults/directives.ts';
import { createProviders } from '../src/providers.ts';

describe('README.md', async () => {
  const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');

  it('has a row for every provider, once', async () => {
    const entries = await readdir(new URL('../src/', import.meta.url), { withFileTypes: true });
    const shared = new Set(['audit', 'bill', 'faults', 'script', 'server']);
    const folders = entries.filter((entry) => entry.isDirectory() && !shared.has(entry.name)).map(({ name }) => name);
    expect(folders).toHaveLength(createProviders().length);
    const [, table = ''] = text.split(/^## (?:Providers|Directives)$/m);
    const rows = [...table.matchAll(/^\| `([a-z-]+)`/gm)].map(([, name = '']) => name);
    expect(rows.sort()).toEqual(folders.sort());
  });

  it('lists every directive', () => {
    const missing = directiveNames.filter((name) => !new RegExp(`\`${name}[N0]?\``).test(text));
    expect(missing).toEqual([]);
  });
});
