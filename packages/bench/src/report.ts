import { median, percentile } from './statistics.ts';
import type { LoadResult } from './load.ts';

/** One round of one scenario against one target. */
export interface Round extends LoadResult {
  /** CPU time of all processes between client and upstream; undefined if it can't be measured. */
  readonly cpuMs: number | undefined;
  readonly rssBytes: number | undefined;
}

/** Results of one scenario against one target over all rounds; times in milliseconds. */
export interface Figures {
  readonly target: string;
  readonly requestsPerSecond: number;
  readonly tokensPerSecond: number;
  readonly firstTokenP50: number | undefined;
  readonly firstTokenP99: number | undefined;
  readonly totalP50: number;
  readonly totalP99: number;
  readonly cpuMsPerRequest: number | undefined;
  readonly cpuMicrosPerToken: number | undefined;
  readonly rssMegabytes: number | undefined;
  readonly errors: number;
}

/** Returns the medians over rounds. */
export function figuresOf(target: string, rounds: readonly Round[]): Figures {
  const over = (value: (round: Round) => number): number => median(rounds.map(value));
  const overKnown = (value: (round: Round) => number | undefined): number | undefined => {
    const known = rounds.flatMap((round) => value(round) ?? []).filter((each) => !Number.isNaN(each));
    return known.length === 0 ? undefined : median(known);
  };
  const tokensOf = ({ answers }: Round): number => answers.reduce((sum, { tokens }) => sum + tokens, 0);
  const firstTokens = ({ answers }: Round): number[] => answers.flatMap(({ firstTokenMs }) => firstTokenMs ?? []);
  const totals = ({ answers }: Round): number[] => answers.map(({ totalMs }) => totalMs);
  return {
    target,
    requestsPerSecond: over((round) => (round.answers.length / round.elapsedMs) * 1000),
    tokensPerSecond: over((round) => (tokensOf(round) / round.elapsedMs) * 1000),
    firstTokenP50: overKnown((round) => percentile(firstTokens(round), 0.5)),
    firstTokenP99: overKnown((round) => percentile(firstTokens(round), 0.99)),
    totalP50: over((round) => percentile(totals(round), 0.5)),
    totalP99: over((round) => percentile(totals(round), 0.99)),
    cpuMsPerRequest: overKnown(({ cpuMs, answers }) => cpuMs && cpuMs / answers.length),
    cpuMicrosPerToken: overKnown((round) => round.cpuMs && (round.cpuMs * 1000) / tokensOf(round)),
    rssMegabytes: overKnown(({ rssBytes }) => rssBytes && rssBytes / 1_000_000),
    errors: rounds.reduce((sum, { errors }) => sum + errors.length, 0),
  };
}

const columns: readonly (readonly [string, (figures: Figures, direct: Figures | undefined) => string])[] = [
  ['target', ({ target }) => target],
  ['req/s', ({ requestsPerSecond }) => digits(requestsPerSecond)],
  ['of direct', ({ requestsPerSecond }, direct) => ratio(requestsPerSecond, direct?.requestsPerSecond)],
  ['tokens/s', ({ tokensPerSecond }) => digits(tokensPerSecond)],
  ['first token p50 ms', ({ firstTokenP50 }) => digits(firstTokenP50)],
  ['p99', ({ firstTokenP99 }) => digits(firstTokenP99)],
  ['answer p50 ms', ({ totalP50 }) => digits(totalP50)],
  ['p99', ({ totalP99 }) => digits(totalP99)],
  ['CPU ms/request', ({ cpuMsPerRequest }) => digits(cpuMsPerRequest)],
  ['CPU µs/token', ({ cpuMicrosPerToken }) => digits(cpuMicrosPerToken)],
  ['RSS MB', ({ rssMegabytes }) => digits(rssMegabytes)],
  ['errors', ({ errors }) => String(errors)],
];

/** Returns a table in Markdown with a row per target. The ratios are relative to the first. */
export function tableOf(figures: readonly Figures[]): string {
  const rows = [
    columns.map(([title]) => title),
    ...figures.map((each) => columns.map(([, cell]) => cell(each, figures[0]))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join('\n');
}

function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '–';
  return value >= 100 ? Math.round(value).toString() : value.toPrecision(3);
}

const ratio = (value: number, direct: number | undefined): string =>
  direct === undefined ? '–' : (value / direct).toFixed(2);
