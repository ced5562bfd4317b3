import { expect, it } from 'vitest';
import type { Figures } from '../src/figures.ts';
import { summaryTable } from '../src/summary.ts';
import { figures } from './rounds.ts';

/** Returns the rows of the table as cells, without the head. */
function rowsOf(scenario: string, all: readonly Figures[]): string[][] {
  const targets = all.map(({ target }) => target);
  const table = summaryTable({
    results: new Map([[scenario, new Map(all.map((each) => [each.target, each]))]]),
    targets,
    subject: 'Sluice',
    others: ['peer'],
  });
  const [, , ...rows] = table.split('\n');
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

it('has a row per figure of the scenarios that ran, and ratios', () => {
  expect(rowsOf('whole', [figures('Sluice'), figures('peer', { elapsedMs: 500, cpuMs: 40 })])).toEqual([
    ['`whole` CPU µs a request', '2000', '4000', '0.50'],
    ['`whole` requests/s', '10.0', '20.0', '0.50'],
  ]);
});

it('joins figures that stand in one row', () => {
  const fast = { legs: { addedFirstTokenMs: 1, tokenLegMs: 0.25 } };
  const slow = { legs: { addedFirstTokenMs: 4, tokenLegMs: 0.5 } };
  expect(rowsOf('light', [figures('Sluice', slow), figures('peer', fast)])[1]?.slice(1)).toEqual([
    '4.00 · 0.500',
    '1.00 · 0.250',
    '4.00 · 2.00',
  ]);
});

it('shows a dash for what is not measured', () => {
  const unmeasured = figures('peer', { cpuMs: undefined });
  expect(rowsOf('whole', [figures('Sluice'), unmeasured])[0]?.slice(1)).toEqual(['2000', '–', '–']);
});

it('marks errors, total failure and rates that the client or the upstream limits', () => {
  const saturated = { client: { cpuShare: 1, loopShare: 1 } };
  const [, rates] = rowsOf('whole', [
    figures('Sluice', { errors: ['x', 'y'] }),
    figures('peer', { answers: [], errors: ['x'] }),
    figures('direct', saturated),
    figures('proxy', { upstreamShare: 0.95 }),
  ]);
  expect(rates?.slice(1)).toEqual(['10.0 (2 errors)', 'fails', '≥ 10.0', '≥ 10.0', '–']);
});

const bound = { client: { cpuShare: 1, loopShare: 1 } };

it.each([
  ['the rate of Sluice is a lower bound', bound, {}, '≥ 1.00'],
  ['the rate of the other is a lower bound', {}, bound, '≤ 1.00'],
  ['both are', bound, bound, '–'],
  ['Sluice has errors', { errors: ['x'] }, {}, '–'],
  ['the other has errors', {}, { errors: ['x'] }, '–'],
])('marks a ratio of rates if %s', (_case, ours, theirs, expected) => {
  const [, rates] = rowsOf('whole', [figures('Sluice', ours), figures('peer', theirs)]);
  expect(rates?.at(-1)).toBe(expected);
});

it('leaves a ratio of CPU as it is if the client limits the rate', () => {
  expect(rowsOf('whole', [figures('Sluice', bound), figures('peer')])[0]?.at(-1)).toBe('1.00');
});
