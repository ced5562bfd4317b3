/** The process of ours that exposes a metric. */
export type Service = 'ingress' | 'worker';

/** A label's values: fixed ones, or a set that the configuration gives. */
export type LabelValues = readonly string[] | 'models' | 'upstreams' | 'targets' | 'queues' | 'keys';

/** One row of {@link metricTable}. */
export interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly services: readonly Service[];
  /** At most four; any other value becomes `other`, an absent one `none`. */
  readonly labels: Readonly<Record<string, LabelValues>>;
  readonly help: string;
  /** Upper bounds of a histogram's buckets, ascending. */
  readonly buckets?: readonly number[];
}
