import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type CarriedRows, findCarriedRows, rowsIn } from '../src/checklist/carried-rows.ts';
import { generatedPages } from '../src/checklist/generated-pages.ts';
import { readmeWithSeeds } from '../src/checklist/pages.ts';
import { readChecklist, rootUrl } from '../src/checklist/read-checklist.ts';
import { type Row, seedSchema } from '../src/checklist/row.ts';

const seeds = readChecklist();
const rows = seeds.flatMap((seed) => seed.rows);
const carried = findCarriedRows();

/** Rows marked partly or missing that have a test but no `testsShow`, or `testsShow` but no test. */
function findUnexplained(rows: readonly Row[], carried: CarriedRows): string[] {
  return rows.flatMap((row) => {
    if (row.state !== 'partly' && row.state !== 'missing') return [];
    const files = carried.get(row.id) ?? [];
    if (files.length > 0 && row.testsShow === undefined) {
      return [
        `${row.id} is marked "${row.state}", but carried by ${files.join(', ')}: mark it anew, or give testsShow`,
      ];
    }
    return files.length === 0 && row.testsShow !== undefined ? [`${row.id} has testsShow, but no test carries it`] : [];
  });
}

describe('the checklist', () => {
  it('has every row of the five READMEs, once and in order', () => {
    const counts = { 'zai-proxy': 52, z2api: 61, 'bailian-proxy': 37, 'unified-proxy': 60, iflow2api: 31 };
    const expected = Object.entries(counts).map(([profile, length], seed) => [
      profile,
      Array.from({ length }, (_, at) => `00${seed}-${String(at + 1).padStart(2, '0')}`),
    ]);
    expect(seeds.map(({ profile, rows }) => [profile, rows.map(({ id }) => id)])).toEqual(expected);
  });

  it('shows every promise that works by a test, a command or a page', () => {
    const unshown = rows.filter(
      ({ id, state, shownBy }) => state === 'works' && shownBy === undefined && !carried.has(id),
    );
    expect(unshown.map(({ id, promise }) => `${id} ${promise}`)).toEqual([]);
  });

  it('has `testsShow` in each row with tests that is not marked as working', () => {
    expect(findUnexplained(rows, carried)).toEqual([]);
  });

  it('reports a row whose state is older than its tests', () => {
    const row = { id: '000-01', kind: 'feature', lines: '7', promise: 'It answers.', lacks: 'Half of it.' } as const;
    const explained = { ...row, testsShow: 'the other half' };
    const carriedRows = new Map([['000-01', ['some.test.ts']]]);
    expect(findUnexplained([{ ...row, state: 'partly' }], carriedRows)).toHaveLength(1);
    expect(findUnexplained([{ ...row, state: 'missing', issue: 15 }], carriedRows)).toHaveLength(1);
    expect(findUnexplained([{ ...explained, state: 'partly' }], carriedRows)).toEqual([]);
    // An explanation without tests is an error too.
    expect(findUnexplained([{ ...explained, state: 'partly' }], new Map())).toHaveLength(1);
  });

  it('names only files that exist and scripts that package.json has', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', rootUrl), 'utf8')) as {
      readonly scripts: object;
    };
    const wrong = rows.flatMap(({ id, shownBy = [] }) =>
      shownBy.flatMap((proof) => {
        if ('file' in proof) return existsSync(new URL(proof.file, rootUrl)) ? [] : [`${id}: no file ${proof.file}`];
        const [, script] = /npm (?:run )?(\S+)/.exec(proof.command) ?? [];
        return script !== undefined && script in scripts ? [] : [`${id}: no script in ${proof.command}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('has a row for each number that a test carries', () => {
    const known = new Set(rows.map(({ id }) => id));
    expect([...carried.keys()].filter((id) => !known.has(id))).toEqual([]);
  });

  it('refuses a missing promise without an issue, and a row with an unknown member', () => {
    const row = { id: '000-01', kind: 'feature', lines: '7', promise: 'It answers.' };
    const seedOf = (more: object) => ({ profile: 'x', title: 'a gateway', rows: [{ ...row, ...more }] });
    expect(seedSchema.safeParse(seedOf({ state: 'works' })).success).toBe(true);
    expect(seedSchema.safeParse(seedOf({ state: 'partly', lacks: 'Half of it.' })).success).toBe(true);
    expect(seedSchema.safeParse(seedOf({ state: 'missing', lacks: 'All of it.' })).success).toBe(false);
    expect(seedSchema.safeParse(seedOf({ state: 'works', lacks: 'Half of it.' })).success).toBe(false);
    expect(seedSchema.safeParse(seedOf({ state: 'done' })).success).toBe(false);
  });
});

describe('rows in the text of a test', () => {
  it('are ranges and lists', () => {
    expect(rowsIn('000-23 to 000-25, 001-16')).toEqual(['000-23', '000-24', '000-25', '001-16']);
    expect(rowsIn("'004-07', '004-19'")).toEqual(['004-07', '004-19']);
  });

  it('are found with the files that carry them', () => {
    expect(carried.get('001-16')).toContain('packages/compat/test/compat.test.ts');
  });
});

describe('a page that is generated from the checklist', () => {
  it.each(generatedPages().map(({ url, text }) => [url.pathname.split('/').at(-1), url, text] as const))(
    '%s is up to date (if not: npm run generate -w @sluice/testkit)',
    (_, url, text) => {
      expect(readFileSync(url, 'utf8')).toBe(text);
    },
  );

  it('requires its marks in the README', () => {
    expect(() => readmeWithSeeds('# Nothing', seeds)).toThrow('README.md must have the lines');
  });
});
