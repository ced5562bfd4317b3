import type { Figures } from './figures.ts';
import { digits, markdownTable, ratio, unknown } from './markdown-table.ts';

const columns: readonly (readonly [string, (figures: Figures, direct: Figures | undefined) => string])[] = [
  ['target', ({ target }) => target],
  ['req/s', ({ requestsPerSecond }) => digits(requestsPerSecond)],
  ['of direct', ({ requestsPerSecond }, direct) => ratio(requestsPerSecond, direct?.requestsPerSecond)],
  ['tokens/s', ({ tokensPerSecond }) => digits(tokensPerSecond)],
  ['first token p50 ms', ({ firstTokenP50 }) => digits(firstTokenP50)],
  ['p99', ({ firstTokenP99 }) => digits(firstTokenP99)],
  ['added p50', ({ addedFirstTokenP50 }) => digits(addedFirstTokenP50)],
  ['token leg p50', ({ tokenLegP50 }) => digits(tokenLegP50)],
  ['answer p50 ms', ({ totalP50 }) => digits(totalP50)],
  ['p99', ({ totalP99 }) => digits(totalP99)],
  ['CPU µs/request', ({ cpuMicrosPerRequest }) => digits(cpuMicrosPerRequest)],
  ['CPU µs/token', ({ cpuMicrosPerToken }) => digits(cpuMicrosPerToken)],
  ['peak RSS MB', ({ peakRssMegabytes }) => digits(peakRssMegabytes)],
  ['errors', ({ errors }) => String(errors)],
  ['client CPU %', ({ clientCpuPercent, saturated }) => mark(saturated.includes('client')) + digits(clientCpuPercent)],
  [
    'upstream CPU %',
    ({ upstreamCpuPercent, saturated }) => mark(saturated.includes('upstream')) + digits(upstreamCpuPercent),
  ],
];

const mark = (isSaturated: boolean): string => (isSaturated ? '! ' : '');

/** Returns a table with a row per target, without the columns that no target has. Ratios are relative to the first. */
export function tableOf(figures: readonly Figures[]): string {
  const filled = columns.filter(([, cell]) => figures.some((each) => cell(each, figures[0]) !== unknown));
  return markdownTable([
    filled.map(([title]) => title),
    ...figures.map((each) => filled.map(([, cell]) => cell(each, figures[0]))),
  ]);
}
