/** Data sources of queries: each is a variable of every board that needs it, so that any data source of the type will do. */
export type Source = 'prometheus' | 'tempo' | 'loki';

/** A query in PromQL. */
export interface PrometheusQuery {
  readonly source: 'prometheus';
  readonly expr: string;
  /** As in `{{ outcome }}`. */
  readonly legend?: string;
  /** One value at the end of the time range, not a line. */
  readonly isInstant?: boolean;
  /** Show example traces as dots, where the metric is a histogram of single requests. */
  readonly hasExemplars?: boolean;
}

/** A query in TraceQL; the service graph of the same data source; or one trace by its id. */
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

/** Units by Grafana's own names, those that we use. */
export type Unit = 's' | 'ms' | 'short' | 'percentunit' | 'reqps' | 'ops' | 'bytes' | 'cps';

/** A value from which on the panel changes its colour. */
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
  /** The sign of a healthy fleet for which the panel has nothing to show. */
  readonly emptyWhile?: string;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** The variables that a board may have, beside its data sources. */
export type VariableName = 'model' | 'upstream' | 'key' | 'ttft_target' | 'gap_target' | 'instance' | 'trace';

/** A dashboard. */
export interface Board {
  /** Of the file and of the address in Grafana. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly variables: readonly VariableName[];
  readonly rows: readonly Row[];
}

/** A line of Prometheus. */
export const prom = (expr: string, legend?: string): PrometheusQuery => ({
  source: 'prometheus',
  expr,
  ...(legend === undefined ? {} : { legend }),
});

/** The newest value alone. */
export const now = (expr: string, legend?: string): PrometheusQuery => ({ ...prom(expr, legend), isInstant: true });

/** Quantiles of a histogram as lines; `by` keeps labels apart. */
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

/** Rate of a counter, as lines by some labels. */
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
