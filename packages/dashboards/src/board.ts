/** Data sources of queries. Each is a variable of every board that uses it, so that any data source of the type fits. */
export type Source = 'prometheus' | 'tempo' | 'loki';

/** A query in PromQL. */
export interface PrometheusQuery {
  readonly source: 'prometheus';
  readonly expr: string;
  /** Name of the line, as in `{{ outcome }}`. */
  readonly legend?: string;
  /** Shows one value at the end of the time range instead of a line. */
  readonly isInstant?: boolean;
  /** Shows example traces as dots, for histograms of single requests. */
  readonly hasExemplars?: boolean;
}

/** A query in TraceQL, the service graph of the same data source, or one trace by its id. */
export interface TempoQuery {
  readonly source: 'tempo';
  readonly kind: 'metrics' | 'search' | 'graph' | 'trace';
  readonly query: string;
}

/** A query in LogQL. */
export interface LokiQuery {
  readonly source: 'loki';
  readonly expr: string;
  readonly legend?: string;
}

export type Query = PrometheusQuery | TempoQuery | LokiQuery;

/** The used units, by Grafana's names. */
export type Unit = 's' | 'ms' | 'short' | 'percentunit' | 'reqps' | 'ops' | 'bytes' | 'cps' | 'currencyUSD';

/** A value at which the panel changes its colour. */
export interface Threshold {
  readonly from: number;
  readonly color: 'green' | 'orange' | 'red';
}

/** A panel. Width in columns of 24. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly kind: 'lines' | 'stacked' | 'number' | 'table' | 'timeline' | 'traces' | 'graph' | 'trace' | 'logs';
  readonly width: number;
  readonly height?: number;
  readonly unit?: Unit;
  readonly queries: readonly Query[];
  readonly thresholds?: readonly Threshold[];
  /** The normal state in which the panel is empty, as in "no request fails". */
  readonly emptyWhile?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The variables of boards, besides the data sources. */
export type VariableName =
  | 'model'
  | 'upstream'
  | 'key'
  | 'ttft_target'
  | 'gap_target'
  | 'instance'
  | 'logs_selector'
  | 'trace';

/** A dashboard. */
export interface Board {
  /** Name of the file, and id in the address in Grafana. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableName[];
  readonly rows: readonly Row[];
}

/** Returns a PromQL query whose result is shown as lines. */
export const prom = (expr: string, legend?: string): PrometheusQuery => ({
  source: 'prometheus',
  expr,
  ...(legend === undefined ? {} : { legend }),
});

/** Returns a PromQL query for only the newest value. */
export const now = (expr: string, legend?: string): PrometheusQuery => ({ ...prom(expr, legend), isInstant: true });

/** Returns queries of quantiles of a histogram, with a line for each value of the labels `by`. */
export function quantiles(
  quantile: readonly number[],
  {
    metric,
    labels = '',
    by = [],
  }: { readonly metric: string; readonly labels?: string; readonly by?: readonly string[] },
): PrometheusQuery[] {
  const grouping = ['le', ...by].join(', ');
  const suffix = by.map((label) => ` {{${label}}}`).join('');
  return quantile.map((share) => ({
    source: 'prometheus',
    expr: `histogram_quantile(${share}, sum by (${grouping}) (rate(${metric}_bucket${labels === '' ? '' : `{${labels}}`}[$__rate_interval])))`,
    legend: `p${share * 100}${suffix}`,
    hasExemplars: true,
  }));
}

/** Returns the rate of a counter, with a line for each value of the labels `by`. */
export const rateBy = (
  metric: string,
  { labels = '', by }: { readonly labels?: string; readonly by: readonly string[] },
): PrometheusQuery =>
  prom(
    `sum by (${by.join(', ')}) (rate(${metric}${labels === '' ? '' : `{${labels}}`}[$__rate_interval]))`,
    by.map((label) => `{{${label}}}`).join(' '),
  );

export const greenUntil = (warn: number, alarm: number): readonly Threshold[] => [
  { from: 0, color: 'green' },
  { from: warn, color: 'orange' },
  { from: alarm, color: 'red' },
];

export const redFrom = (alarm: number): readonly Threshold[] => [
  { from: 0, color: 'green' },
  { from: alarm, color: 'red' },
];
