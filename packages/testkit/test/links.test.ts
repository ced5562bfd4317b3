import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rootUrl } from '../src/checklist/read-checklist.ts';

const pages = globSync(['*.md', '.changeset/*.md', 'docs/**/*.md', '{packages,services}/*/README.md'], {
  cwd: fileURLToPath(rootUrl),
})
  .map((page) => page.replaceAll('\\', '/'))
  .sort();

interface Link {
  readonly page: string;
  readonly target: string;
}

/** Returns the links to files of this repository. Links in code do not count. */
function linksOf(page: string): Link[] {
  const text = readFileSync(new URL(page, rootUrl), 'utf8');
  const prose = text.replaceAll(/^```[^]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(({ 1: target = '' }) => ({ page, target }))
    .filter(({ target }) => !/^[a-z]+:/.test(target));
}

/** Returns the anchors of a page's headings, as GitHub makes them. */
function anchorsOf(url: URL): string[] {
  const headings = readFileSync(url, 'utf8')
    .replaceAll(/^```[^]*?^```/gm, '')
    .matchAll(/^#+ (.+)$/gm);
  return [...headings].map(({ 1: heading = '' }) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

/** Returns the page from whose place the links are read. The text of a change goes into CHANGELOG.md. */
const placeOf = (page: string): string =>
  page.startsWith('.changeset/') && !page.endsWith('README.md') ? 'CHANGELOG.md' : page;

function faultOf({ page, target }: Link): string | undefined {
  const url = new URL(target, new URL(placeOf(page), rootUrl));
  const file = new URL(url.pathname, url);
  if (!existsSync(file)) return `${page}: ${target} is not a file`;
  const anchor = decodeURIComponent(url.hash.slice(1));
  if (anchor === '' || anchorsOf(file).includes(anchor)) return undefined;
  return `${page}: ${target} is not a heading`;
}

describe('a link in the documentation', () => {
  it('leads to a file and a heading that exist', () => {
    const links = pages.flatMap(linksOf);
    expect(links.length).toBeGreaterThan(200);
    expect(links.map(faultOf).filter((fault) => fault !== undefined)).toEqual([]);
  });
});
