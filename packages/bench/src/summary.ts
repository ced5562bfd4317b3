import type { Figures } from './figures.ts';
import { digits, markdownTable, ratio, unknown } from './markdown-table.ts';

/** A figure that stands in a row. */
interface Value {
  of(figures: Figures): number | undefined;
  /** A rate is only a lower bound when client or upstream was saturated. */
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
      joined(row.values.map(({ of }) => ratio(valueOf(byTarget.get(subject), of), valueOf(byTarget.get(other), of))));
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

const valueOf = (figures: Figures | undefined, of: Value['of']): number | undefined =>
  figures === undefined ? undefined : of(figures);

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
