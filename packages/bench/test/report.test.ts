import { expect, it } from 'vitest';
import { tableOf } from '../src/report.ts';
import { scenarios } from '../src/scenarios.ts';
import { figures } from './rounds.ts';

it('the table of a scenario has ratios to the first row, and no column that all leave empty', () => {
  const [head, , ...rows] = tableOf([figures('direct'), figures('sluice', { elapsedMs: 2000 })]).split('\n');
  expect(rows).toHaveLength(2);
  expect(rows[1]).toMatch(/^\| sluice +\| +5\.00 +\| +0\.50 \|/);
  expect(head).not.toContain('token leg');
});

it('the table of a scenario marks a saturated client and upstream', () => {
  expect(tableOf([figures('direct', { client: { cpuShare: 1, loopShare: 1 }, upstreamShare: 1 })])).toMatch(
    /! 100 \| +! 100 \|/,
  );
});

it('the scenarios request as many tokens as they check', () => {
  for (const { directives, tokens } of scenarios) expect(directives).toMatch(new RegExp(`^t${tokens}(?:-|$)`));
});
