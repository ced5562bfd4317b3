import type { CollectedSpan } from '@sluice/testkit';
import type { Line } from './start-prometheus.ts';

/** Values of a span in the result of a search, by the names of the fields. */
export type SpanRow = Readonly<Record<string, string>>;

export interface TraceAnswer {
  /** Results of queries that end in a function over time. */
  readonly lines: readonly Line[];
  /** Results of searches. */
  readonly rows: readonly SpanRow[];
  /** The spans that the braces select. */
  readonly spans: readonly CollectedSpan[];
}

interface Range {
  /** Seconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
}

/**
 * Answers the forms of TraceQL that the boards use, from collected spans. It does not replace Tempo: it shows that the
 * attributes, kinds and names of a query are those of real spans, and throws on any other form.
 */
export function askSpans(query: string, spans: readonly CollectedSpan[], range: Range): TraceAnswer {
  const [, conditions = '', stage = ''] = /^\{ (.+?) \} \| (.+)$/.exec(query) ?? [];
  if (stage === '') throw new Error(`not a query of ours: ${query}`);
  const tests = conditions.split(' && ').map(conditionOf);
  const selected = spans.filter((span) => tests.every((test) => test(span)));
  const [, fields] = /^select\((.+)\)$/.exec(stage) ?? [];
  if (fields !== undefined) {
    const names = fields.split(', ');
    const row = (span: CollectedSpan): SpanRow =>
      Object.fromEntries([['span:name', span.name], ...names.map((name) => [name, String(valueOf(span, name) ?? '')])]);
    return { lines: [], rows: selected.map(row), spans: selected };
  }
  return { lines: linesOf(stage, selected, range), rows: [], spans: selected };
}

type Value = string | number | undefined;

function valueOf(span: CollectedSpan, field: string): Value {
  if (field === 'span:name') return span.name;
  if (field === 'span:kind') return span.kind;
  if (field === 'span:status') return span.status.code;
  if (field === 'span:duration' || field === 'duration') return (span.endMs - span.startMs) / 1000;
  const [, scope = '', name = ''] = /^(span|resource)\.(.+)$/.exec(field) ?? [];
  if (name === '') throw new Error(`no field: ${field}`);
  const value = (scope === 'span' ? span.attributes : span.resource)[name];
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);
}

function conditionOf(text: string): (span: CollectedSpan) => boolean {
  const [, field = '', operator = '', wanted = ''] = /^(\S+) (=~|!=|>=|<=|=|>|<) (.+)$/.exec(text) ?? [];
  const compare = comparisons[operator];
  if (compare === undefined) throw new Error(`no condition: ${text}`);
  const expected = literalOf(wanted);
  // An absent value matches nothing.
  return (span) => {
    const value = valueOf(span, field);
    return value !== undefined && typeof value === typeof expected && compare(value, expected);
  };
}

const comparisons: Readonly<Record<string, (a: string | number, b: string | number) => boolean>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=~': (a, b) => new RegExp(`^(?:${b})$`).test(String(a)),
};

/** `"text"`, `10s`, `1000 * 2.5`, or a word such as `server`. */
function literalOf(text: string): string | number {
  const [, quoted] = /^"(.*)"$/.exec(text) ?? [];
  if (quoted !== undefined) return quoted;
  const factors = text.split(' * ').map((factor) => Number(factor.replace(/^([\d.]+)s$/, '$1')));
  return factors.some(Number.isNaN) ? text : factors.reduce((product, factor) => product * factor, 1);
}

/** `rate() by (…)`, `avg_over_time(field) by (…)`, `quantile_over_time(field, share) by (…)`. */
function linesOf(stage: string, spans: readonly CollectedSpan[], { from, to, stepSeconds }: Range): Line[] {
  const [, name = '', inside = '', by = ''] = /^(\w+)\((.*?)\) by \((.+)\)$/.exec(stage) ?? [];
  const [field = '', share = ''] = inside.split(', ');
  const reduce = (group: readonly CollectedSpan[]): number => {
    if (name === 'rate') return group.length / stepSeconds;
    const values = group.map((span) => Number(valueOf(span, field))).toSorted((a, b) => a - b);
    if (name === 'avg_over_time') return values.reduce((sum, value) => sum + value, 0) / values.length;
    if (name === 'quantile_over_time') return values[Math.floor(Number(share) * (values.length - 1))] ?? Number.NaN;
    throw new Error(`no function: ${stage}`);
  };
  const labels = by.split(', ');
  const valuesOf = (span: CollectedSpan): string[] => labels.map((label) => String(valueOf(span, label) ?? 'nil'));
  const groups = Map.groupBy(spans, (span) => JSON.stringify(valuesOf(span)));
  return [...groups.values()].map((group) => {
    const values = group.slice(0, 1).flatMap(valuesOf);
    const points: [number, number][] = [];
    for (let at = from; at < to; at += stepSeconds) {
      const inStep = group.filter(({ endMs }) => endMs / 1000 >= at && endMs / 1000 < at + stepSeconds);
      if (inStep.length > 0) points.push([at, reduce(inStep)]);
    }
    return { labels: Object.fromEntries(labels.map((label, at) => [label, values[at] ?? ''])), points };
  });
}
