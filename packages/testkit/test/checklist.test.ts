import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import rowsByKind from './fixtures/checklist-rows.json' with { type: 'json' };

/*
 * The gateways before this one had features, settings and rules, which were written down as a list of numbered rows. Each
 * that can be proven is carried by a test, as `verifies('001-25')` or as "(row 001-25)" in its title, or stands below.
 */

/** Kinds of rows that a test can prove; the others tell of documents, logs and tests of those gateways. */
const provable = ['config', 'endpoint', 'feature', 'model', 'number/rule'] as const;

/** Rows that nothing proves yet, by what they wait for. One that a test carries has to leave this list. */
const waiting: Readonly<Record<string, readonly string[]>> = {
  'the request log and the store of conversations': ['003-06', '003-18', '003-43', '003-44'],
  'the key store and its admin paths': ['003-14', '003-15', '003-16', '003-45'],
  'pages of the API at /docs and /redoc': ['003-46', '003-47'],
  "Anthropic's messages as an ingress": ['004-02', '004-24'],
  'the admin panel': ['004-04', '004-25'],
  'images and charts: containers, their user, TLS in front': ['003-11', '003-17', '003-38'],
  'log files that rotate, and colours for developers': ['003-07', '003-08'],
};

/** Rows that no test can prove. */
const unprovable: Readonly<Record<string, readonly string[]>> = {
  'versions and stack of the other program itself': ['002-28', '003-59', '003-60', '004-31'],
  'a list of uses; their parts have rows of their own': ['001-61'],
  'a figure of a machine: docs/performance.md, npm run bench': ['002-26'],
};

const root = new URL('../../../', import.meta.url);

/** But those of this package, which name rows only to try `verifies` out. */
const testFiles = globSync('{packages,services}/*/test/**/*.test.ts', { cwd: fileURLToPath(root) }).filter(
  (file) => !file.startsWith('packages/testkit/'),
);

const number = /(\d{3})-(\d{2})/;

/** The rows that a piece of text names, as in `000-23 to 000-27, 001-16`. */
function rowsIn(text: string): string[] {
  return text.split(',').flatMap((piece) => {
    const [first, last] = piece.split(' to ').map((end) => number.exec(end));
    if (!first) return [];
    const [, seed, from] = first;
    const length = last ? Number(last[2]) - Number(from) + 1 : 1;
    return Array.from({ length }, (_, at) => `${seed}-${String(Number(from) + at).padStart(2, '0')}`);
  });
}

const carried = new Set<string>();
for (const file of testFiles) {
  const text = readFileSync(new URL(file, root), 'utf8');
  for (const [, named = ''] of text.matchAll(/(?:\bverifies\(|\(rows? )([^)]*)\)/g)) {
    for (const row of rowsIn(named)) carried.add(row);
  }
}

const all = Object.values(rowsByKind).flat();
const listed = [waiting, unprovable].flatMap((list) => Object.values(list).flat());

describe('a row of the checklist', () => {
  it('reads ranges and lists', () => {
    expect(rowsIn('000-23 to 000-25, 001-16')).toEqual(['000-23', '000-24', '000-25', '001-16']);
    expect(rowsIn("'004-07', '004-19'")).toEqual(['004-07', '004-19']);
  });

  it.each(provable)('of kind %s is carried by a test, or waits for something that is named', (kind) => {
    expect(rowsByKind[kind].filter((row) => !carried.has(row) && !listed.includes(row))).toEqual([]);
  });

  it('waits no longer than until a test carries it', () => {
    expect(listed.filter((row) => carried.has(row))).toEqual([]);
    expect(listed.filter((row, at) => listed.indexOf(row) !== at)).toEqual([]);
  });

  it('that is named exists', () => {
    expect(all).toHaveLength(241);
    expect([...carried, ...listed].filter((row) => !all.includes(row))).toEqual([]);
  });
});
