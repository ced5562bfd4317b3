import type { Figures } from './figures.ts';
import { digits, markdownTable, ratio, unknown } from './markdown-table.ts';

/** A figure that stands in a row. */
interface Value {
  of(figures: Figures): number | undefined;
  /** A rate is only a lower bound when client or upstream was saturated, and a ratio of rates a bound too. */
  readonly isRate?: boolean;
}

interface Row {
  readonly scenario: string;
  readonly title: string;
  readonly values: readonly Value[];
}

const requestsPerSecond: Value = { of: (figures) => figures.requestsPerSecond, isRate: true };
const tokensPerSecond: Value = { of: (figures) => figures.tokensPerSecond, isRate: true };
const cpuOfToken: Value = { of: (figures) => figures.cpuMicrosPerToken };

const rows: readonly Row[] = [
  { scenario: 'whole', title: 'CPU µs a request', values: [{ of: (figures) => figures.cpuMicrosPerRequest }] },
  { scenario: 'whole', title: 'requests/s', values: [requestsPerSecond] },
  { scenario: 'chunks', title: 'CPU µs a token', values: [cpuOfToken] },
  { scenario: 'busy', title: 'CPU µs a token · tokens/s', values: [cpuOfToken, tokensPerSecond] },
  { scenario: 'light', title: 'CPU µs a token', values: [cpuOfToken] },
  {
    scenario: 'light',
    title: 'added TTFT p50 · token leg p50, ms',
    values: [{ of: (figures) => figures.addedFirstTokenP50 }, { of: (figures) => figures.tokenLegP50 }],
  },
  { scenario: 'hold', title: 'peak RSS of all processes, MB', values: [{ of: (figures) => figures.peakRssMegabytes }] },
  { scenario: 'big-prompt', title: 'requests/s', values: [requestsPerSecond] },
];

/** The figures of one scenario, by target. */
export type ByTarget = ReadonlyMap<string, Figures>;

export interface Summary {
  /** By scenario; rows of other scenarios are left out. */
  readonly results: ReadonlyMap<string, ByTarget>;
  /** Order of the columns. */
  readonly targets: readonly string[];
  /** Target whose figures are divided by those of each of `others`. */
  readonly subject: string;
  readonly others: readonly string[];
}

/** Returns the table of a run: a row per figure, a column per target, and the ratios of one target to others. */
export function summaryTable({ results, targets, subject, others }: Summary): string {
  const head = ['', ...targets, ...others.map((other) => `${subject} / ${other}`)];
  const body = rows.flatMap((row) => {
    const byTarget = results.get(row.scenario);
    if (byTarget === undefined) return [];
    const ratioTo = (other: string): string =>
      joined(row.values.map((value) => markedRatio(value, byTarget.get(subject), byTarget.get(other))));
    return [
      [
        `\`${row.scenario}\` ${row.title}`,
        ...targets.map((target) => cell(row, byTarget.get(target))),
        ...others.map(ratioTo),
      ],
    ];
  });
  return markdownTable([head, ...body]);
}

/** Returns a dash where a ratio would mislead: with errors on either side, or between two rates that are lower bounds. */
function markedRatio({ of, isRate }: Value, one: Figures | undefined, by: Figures | undefined): string {
  if (one === undefined || by === undefined || one.errors > 0 || by.errors > 0) return unknown;
  const text = ratio(of(one), of(by));
  const [isLeast, isMost] = [one, by].map(({ saturated }) => isRate === true && saturated.length > 0);
  if (text === unknown || (isLeast === true && isMost === true)) return unknown;
  if (isLeast === true) return `≥ ${text}`;
  return isMost === true ? `≤ ${text}` : text;
}

function cell({ values }: Row, figures: Figures | undefined): string {
  if (figures === undefined) return unknown;
  const { errors, saturated } = figures;
  if (errors > 0 && figures.requestsPerSecond === 0) return 'fails';
  const texts = values.map(({ of, isRate }) => {
    const text = digits(of(figures));
    return isRate === true && saturated.length > 0 && text !== unknown ? `≥ ${text}` : text;
  });
  return joined(texts) + (errors > 0 ? ` (${errors} errors)` : '');
}

/** Joins the figures of a cell; several unknown ones are one. */
const joined = (texts: readonly string[]): string =>
  texts.every((text) => text === unknown) ? unknown : texts.join(' · ');
