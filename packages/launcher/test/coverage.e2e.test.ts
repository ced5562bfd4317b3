import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it, onTestFinished } from 'vitest';

const sums = fileURLToPath(new URL('../../../.config/coverage.ts', import.meta.url));

const planted = `export function label(count: number): string {
  return count > 1 ? 'many' : 'one';
}
export function idle(): number {
  return 1;
}
`;

let folder: string;
let source: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-coverage-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  source = join(folder, 'planted.ts');
  writeFileSync(source, planted);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
});

function node(args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], ...env },
  });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

/** The report that vitest writes for a test that runs only line 5. */
function writeReport(): string {
  const span = { start: { line: 5, column: 2 }, end: { line: 5, column: null } };
  const report = join(folder, 'coverage-final.json');
  const data = { path: source, statementMap: { 0: span }, fnMap: {}, branchMap: {}, s: { 0: 1 }, f: {}, b: {} };
  writeFileSync(report, JSON.stringify({ [source]: data }));
  return report;
}

const sum = (report: string): string =>
  node(['--disable-warning=ExperimentalWarning', sums, report, join(folder, 'processes')]);

it('adds the coverage of processes to that of the tests', () => {
  const program = join(folder, 'program.ts');
  writeFileSync(program, "import { label } from './planted.ts';\nlabel(Number(process.argv[2]));\n");
  const run = (count: string): string => node([program, count], { NODE_V8_COVERAGE: join(folder, 'processes') });
  const report = writeReport();
  expect(sum(report)).toContain('With 0 processes that tests started: 100 % of 1 lines');
  run('2');
  expect(sum(report)).toContain('With 1 processes that tests started: 100 % of 2 lines, 50 % of 2 branches.');
  run('1');
  expect(sum(report)).toContain('With 2 processes that tests started: 100 % of 2 lines, 100 % of 2 branches.');
});

it('ignores files that vitest does not count', () => {
  const report = join(folder, 'coverage-final.json');
  writeFileSync(report, '{}');
  node([source], { NODE_V8_COVERAGE: join(folder, 'processes') });
  expect(sum(report)).toContain('of 0 lines');
});
