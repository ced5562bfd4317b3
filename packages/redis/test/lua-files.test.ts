import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const packages = fileURLToPath(new URL('../..', import.meta.url));
const files = globSync('*/lua/*-[0-9]*.lua', { cwd: packages });

/** Returns the numbers in `KEYS[1]`, `KEYS[2]`, … of a text, each once, ascending. */
function indexesOf(name: 'KEYS' | 'ARGV', text: string): number[] {
  const found = Array.from(text.matchAll(new RegExp(String.raw`${name}\[(\d+)\]`, 'g')), ([, index]) => Number(index));
  return [...new Set(found)].sort((a, b) => a - b);
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

describe('each Lua script of the repository', () => {
  it('is found', () => expect(files.length).toBeGreaterThan(8));

  it.each(files)('describes exactly its keys and arguments in its header: %s', (file) => {
    const text = readFileSync(join(packages, file), 'utf8');
    const [header = '', ...rest] = text.split(']]\n');
    const body = rest.join(']]\n');
    // The header of a script that takes a list describes the keys of its first item.
    const keyCount = Array.from(basename(file).matchAll(/-(\d+)/g), ([, count]) => Number(count)).reduce(
      (a, b) => a + b,
    );
    expect(indexesOf('KEYS', header)).toEqual(upTo(keyCount));
    const documented = indexesOf('ARGV', header);
    expect(documented).toEqual(upTo(documented.length));
    expect(header).toContain('Returns');
    // A script that takes a list counts its keys and arguments with #; the others name each of them.
    if (!body.includes('#KEYS')) expect(indexesOf('KEYS', body)).toEqual(upTo(keyCount));
    if (!/#(?:KEYS|ARGV)/.test(body)) expect(indexesOf('ARGV', body)).toEqual(documented);
  });

  it.each(files)('uses only the clock of Redis, and no random numbers: %s', (file) => {
    const text = readFileSync(join(packages, file), 'utf8');
    expect(text).not.toMatch(/os\.(?:time|clock)|math\.random/);
  });
});
