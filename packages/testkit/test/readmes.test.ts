import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rootUrl } from '../src/checklist/read-checklist.ts';

const root = fileURLToPath(rootUrl);
/** Packages and services with sources; `e2e` has only tests. */
const members = globSync('{packages,services}/*/src', { cwd: root })
  .map((folder) => folder.replaceAll('\\', '/').replace(/\/src$/, ''))
  .sort();

const read = (member: string): string => readFileSync(join(root, member, 'README.md'), 'utf8');

/** Returns the names with which the list items of the section "Files" begin: `` - `a.ts`, `b/`: … ``. */
function filesIn(readme: string): string[] {
  const [, section = ''] = readme.split(/^## Files$/m);
  const [list = ''] = section.split(/^## /m);
  return [...list.matchAll(/^- ((?:`[^`]+`(?:,\s+)?)+):/gm)].flatMap(({ 1: names = '' }) =>
    [...names.matchAll(/`([^`]+)`/g)].map(({ 1: name = '' }) => name),
  );
}

/** Returns what a list of files must name: each file and folder of `src`, and each script. `index.ts` is in every package. */
function filesOf(member: string): string[] {
  const sources = readdirSync(join(root, member, 'src'), { withFileTypes: true })
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .filter((name) => name !== 'index.ts');
  const scripts = globSync('lua/*.lua', { cwd: join(root, member) }).map((file) => file.replaceAll('\\', '/'));
  return [...sources, ...scripts].sort();
}

/** Returns whether a listed name is a file or folder as its spelling says. A name is relative to `src`, or begins with `lua/`. */
function isThere(member: string, name: string): boolean {
  const path = join(root, member, name.startsWith('lua/') ? '' : 'src', name);
  return existsSync(path) && (name.endsWith('/') || !existsSync(`${path}/`));
}

/** Returns the paths in backticks that begin with a folder of the package. */
const pathsIn = (readme: string): string[] =>
  [...readme.matchAll(/`((?:src|lua)\/[\w./*-]+)`/g)].map(({ 1: path = '' }) => path);

describe('the list of files in the README', () => {
  it.each(members)('names each file and folder of %s', (member) => {
    const named = filesIn(read(member));
    const missing = filesOf(member).filter((file) => !named.includes(file));
    expect(missing, `add them to "## Files" in ${member}/README.md`).toEqual([]);
  });

  it.each(members)('names no file that %s does not have', (member) => {
    const gone = filesIn(read(member)).filter((name) => !isThere(member, name));
    expect(gone, `delete them from "## Files" in ${member}/README.md`).toEqual([]);
  });

  it.each(members)('names no path in a text that %s does not have', (member) => {
    const gone = pathsIn(read(member)).filter((path) => globSync(path, { cwd: join(root, member) }).length === 0);
    expect(gone).toEqual([]);
  });

  it('is read with several names in a line, and to the next heading', () => {
    const readme =
      '# A\n\n- `no.ts`: no\n\n## Files\n\nUnder `src/`.\n\n- `a.ts`, `b/`: with `c.ts`\n\n## More\n\n- `d.ts`: no\n';
    expect(filesIn(readme)).toEqual(['a.ts', 'b/']);
  });
});

it('docs/decisions/README.md lists every decision under its title', () => {
  const folder = join(root, 'docs/decisions');
  const titleOf = (page: string): string =>
    readFileSync(join(folder, page), 'utf8').split('\n')[0]?.slice('# '.length) ?? '';
  const lines = globSync('[0-9]*.md', { cwd: folder }).map((page) => `- [${titleOf(page)}](${page})`);
  const listed = readFileSync(join(folder, 'README.md'), 'utf8').split('\n');
  expect(lines.filter((line) => !listed.includes(line))).toEqual([]);
});
