import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { directiveNames } from '../src/faults/directives.ts';

describe('README.md', () => {
  it('names every directive', async () => {
    const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const missing = directiveNames.filter((name) => !new RegExp(`\`${name}[N0]?\``).test(text));
    expect(missing).toEqual([]);
  });
});
