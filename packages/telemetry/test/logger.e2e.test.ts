import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./child/log-and-exit.ts', import.meta.url));

/** Resolves with the lines of a child that ends in this way. */
function linesOf(end: string): Promise<string[]> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--conditions=@sluice/source', program, end], (_error, stdout) =>
      resolve(stdout.split('\n').filter((line) => line !== '')),
    );
  });
}

describe('createLogger', () => {
  it.each([
    ['exit', 2000],
    ['throw', 2000],
    ['fatal', 2001],
    ['return', 2000],
  ])('loses no line of a process that ends by %s', async (end, count) => {
    const lines = await linesOf(end);
    expect(lines).toHaveLength(count);
    const numbers = lines.slice(0, 2000).map((line) => (JSON.parse(line) as { count: number }).count);
    expect(numbers).toEqual(Array.from({ length: 2000 }, (_, at) => at));
  });
});
