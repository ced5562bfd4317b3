// The last step of `npm run coverage`: adds what the processes that tests start have run to what the tests themselves have
// run, prints the sums, and with `--readme` writes them into README.md. Both halves count by the same converter.
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { mergeScriptCovs, type ScriptCov } from '@bcoe/v8-coverage';
import { type CoverageMapData, createCoverageMap } from '@vitest/istanbul-lib-coverage';
import { convert } from 'ast-v8-to-istanbul';
import { parseAstAsync } from 'vite';
import { readmeWithCoverage } from './readme-with-coverage.ts';

const [testsFile = '', processesFolder = '', ...options] = process.argv.slice(2);
const readme = new URL('../README.md', import.meta.url);

/**
 * Both halves are matched by their positions. Those of vitest come through a source map, which moves the columns at which
 * things end; lines and beginnings are the same.
 */
const withoutEndColumns = (text: string): CoverageMapData =>
  JSON.parse(text, (key, value: Readonly<Record<string, unknown>>) =>
    key === 'end' ? { ...value, column: Number.POSITIVE_INFINITY } : value,
  ) as CoverageMapData;

/** The source files that vitest counts, those that no test loads included. */
const coverage = createCoverageMap(withoutEndColumns(readFileSync(testsFile, 'utf8')));
const isCounted = new Set(coverage.files());

/** The coverage of all processes, by file. A run of all tests starts some 600 processes, with 3 MB each. */
const byUrl = new Map<string, ScriptCov>();
const dumps = globSync('coverage-*.json', { cwd: processesFolder });
for (const dump of dumps) {
  const { result } = JSON.parse(readFileSync(`${processesFolder}/${dump}`, 'utf8')) as {
    readonly result: readonly ScriptCov[];
  };
  for (const script of result) {
    if (!script.url.startsWith('file:') || !isCounted.has(fileURLToPath(script.url))) continue;
    const before = byUrl.get(script.url);
    const merged = before === undefined ? script : mergeScriptCovs([before, script]);
    if (merged !== undefined) byUrl.set(script.url, merged);
  }
}

for (const [url, script] of byUrl) {
  const source = readFileSync(fileURLToPath(url), 'utf8');
  // Node has run the text in which blanks stand for the types: every position is the source's own.
  const code = url.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  const converted = await convert({ ast: parseAstAsync(code), code, wrapperLength: 0, coverage: script });
  coverage.merge(withoutEndColumns(JSON.stringify(converted)));
}

const { lines, branches } = coverage.getCoverageSummary();
process.stdout.write(
  `\nWith ${dumps.length} processes that tests started: ${lines.pct} % of ${lines.total} lines, ${branches.pct} % of ${branches.total} branches.\n`,
);
if (options.includes('--readme')) {
  const date = new Date().toISOString().slice(0, 10);
  const figures = { lines: Number(lines.pct), branches: Number(branches.pct), date };
  writeFileSync(readme, readmeWithCoverage(readFileSync(readme, 'utf8'), figures));
}
