import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rootUrl } from '../../src/checklist/read-checklist.ts';

const indentOf = (line: string): number => line.search(/\S/);

/** A block that runs after vitest has collected the tests: a hook, a test, or an asynchronous function. */
const runsLate = /\basync\b|\): Promise<|^\s*(?:beforeAll|beforeEach|it|test|redisTest)\b/;

/** Returns the numbers of the lines that register an `afterAll` too late. The indentation, which oxfmt keeps, shows the blocks. */
function lateAfterAlls(text: string): number[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    if (!/^\s*afterAll\(/.test(line)) return [];
    let indent = indentOf(line);
    for (const above of lines.slice(0, at).toReversed()) {
      if (above.trim() === '' || indentOf(above) >= indent) continue;
      if (runsLate.test(above)) return [at + 1];
      indent = indentOf(above);
    }
    return [];
  });
}

describe('afterAll', () => {
  it('is registered while vitest collects the tests; afterFile is for what begins in a hook', () => {
    const root = fileURLToPath(rootUrl);
    const files = globSync('{packages,services}/*/test/**/*.ts', { cwd: root });
    expect(files.length).toBeGreaterThan(300);
    const late = files.flatMap((file) =>
      lateAfterAlls(readFileSync(join(root, file), 'utf8')).map((line) => `${file}:${line}`),
    );
    expect(late).toEqual([]);
  });

  it.each([
    ['at the top', ['afterAll(() => server.stop());'], []],
    ['in a describe', ["describe('a', () => {", '  afterAll(stop);', '});'], []],
    ['in a function of a describe', ['function use(): void {', '  afterAll(stop);', '}'], []],
    ['in a hook', ['beforeAll(async () => {', '  await start();', '  afterAll(stop);', '});'], [3]],
    ['deep in a hook', ['beforeAll(() => {', '  if (needed) {', '    afterAll(stop);', '  }', '});'], [3]],
    ['in a test', ["it('starts', () => {", '  afterAll(stop);', '});'], [2]],
    [
      'in an asynchronous function',
      ['async function start({', '  port,', '}: Options): Promise<void> {', '  afterAll(stop);', '}'],
      [4],
    ],
  ])('is found when it comes too late: %s', (_, lines, late) => {
    expect(lateAfterAlls(lines.join('\n'))).toEqual(late);
  });
});
