import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rootUrl } from '../../src/checklist/read-checklist.ts';
import { findHeadless, findRetired, formerNameFiles } from '../../src/words/retired-words.ts';

const root = fileURLToPath(rootUrl);
const listed = (patterns: string[], exclude: RegExp): string[] =>
  globSync(patterns, { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !exclude.test(file) && !formerNameFiles.test(file))
    .sort();

const own = /\/words\//;
const sources = listed(['{packages,services}/*/{src,lua}/**/*.{ts,mjs,lua,sh}', '.config/*.ts'], own);
const tests = listed(['{packages,services}/*/test/**/*.ts'], own);
// A change or a promise of another gateway is quoted as it was written.
const pages = listed(
  ['*.md', 'docs/**/*.md', '{packages,services}/*/README.md'],
  /^docs\/(?:seeds\.md|README\.zh-CN\.md|glossary\.md)|CHANGELOG/,
);

const read = (file: string): string => readFileSync(new URL(file, rootUrl), 'utf8');

const findings = (files: readonly string[], find: typeof findRetired): string[] =>
  files.flatMap((file) =>
    find(read(file), file).map(({ line, found, instead }) => `${file}:${line}: "${found}" (instead: ${instead})`),
  );

describe('the words of docs/glossary.md', () => {
  it('stand in every page in place of those that it retires', () => {
    expect(pages.length).toBeGreaterThan(40);
    expect(findings(pages, findRetired)).toEqual([]);
  });

  it('stand in the names, comments and messages of the product', () => {
    expect(sources.length).toBeGreaterThan(500);
    expect(findings(sources, findRetired)).toEqual([]);
  });

  it('stand in the tests', () => {
    expect(tests.length).toBeGreaterThan(300);
    expect(findings(tests, findRetired)).toEqual([]);
  });
});

it('opens every comment with a subject', () => {
  expect(findings([...sources, ...tests], findHeadless)).toEqual([]);
});

describe('a retired word', () => {
  it.each([
    ['in a name', 'const rescuedStreams = 1;', 'rescued'],
    ['in a setting', 'max_rest_ms: 5', 'rest ms'],
    ['in a sentence', '// The credential rests.', 'rests'],
    ['at the start of a line', 'Nobody waits.', 'Nobody'],
  ])('is found %s', (_where, text, found) => {
    expect(findRetired(`\n${text}`)).toMatchObject([{ line: 2, found }]);
  });

  it.each(['the rest of the text', "Gemini's `thoughtSignature`", 'is no longer needed', 'the hash slots of Redis'])(
    'is not seen in "%s"',
    (text) => {
      expect(findRetired(text)).toEqual([]);
    },
  );

  it('opens no comment', () => {
    expect(findHeadless('  // When it ends.')).toMatchObject([{ found: 'When it ends.' }]);
    expect(findHeadless('// The end of it comes\n// When it ends.')).toEqual([]);
    expect(findHeadless('/**\n * What comes of it.\n */')).toMatchObject([{ found: 'What comes of it.' }]);
    expect(findHeadless('/** The result. What follows is free. */')).toEqual([]);
  });
});
