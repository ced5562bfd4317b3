import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { rootUrl } from '../src/checklist/read-checklist.ts';

const root = fileURLToPath(rootUrl);
const files = globSync('{packages,services}/*/src/**/*.{ts,mjs}', { cwd: root }).map((file) => join(root, file));

/** Files of this repository that a file imports by a relative path, for values or for types alone. */
const importsOf = (file: string): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/\bfrom '(\.{1,2}\/[^']+)'/g)].map(({ 1: path = '' }) =>
    join(dirname(file), path),
  );

/** Returns the first circle of imports below a file, as the files on it. */
function circleFrom(file: string, above: readonly string[], done: Set<string>): readonly string[] | undefined {
  const at = above.indexOf(file);
  if (at >= 0) return above.slice(at);
  if (done.has(file)) return undefined;
  for (const imported of importsOf(file)) {
    const circle = circleFrom(imported, [...above, file], done);
    if (circle !== undefined) return circle;
  }
  done.add(file);
  return undefined;
}

it('no file imports itself by way of others, not even for a type', () => {
  expect(files.length).toBeGreaterThan(500);
  const done = new Set<string>();
  const circles = files.flatMap((file) => {
    const circle = circleFrom(file, [], done) ?? [];
    for (const member of circle) done.add(member);
    return circle.length === 0 ? [] : [circle.map((member) => member.slice(root.length)).join(' -> ')];
  });
  expect(circles).toEqual([]);
});
