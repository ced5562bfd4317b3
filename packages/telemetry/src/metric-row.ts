/** Services of Sluice that expose metrics. */
export type Service = 'ingress' | 'worker';

/** Values of a label: fixed ones, or a set from the configuration. */
export type LabelValues = readonly string[] | 'models' | 'upstreams' | 'targets' | 'queues' | 'keys';

/** One row of {@link metricTable}. */
export interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly services: readonly Service[];
  /** At most four labels; an unlisted value becomes `other`, an absent one `none`. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly help: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets?: readonly number[];
}
