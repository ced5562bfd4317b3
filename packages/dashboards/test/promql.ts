import { type MetricRow, metricTable } from '@sluice/telemetry';

const rows = new Map<string, MetricRow>(Object.values(metricTable).map((row) => [row.name, row]));

/** Metrics of every Node.js process with prom-client, and their labels. */
const processMetrics = new Map<string, readonly string[]>([
  ['nodejs_eventloop_lag_p99_seconds', []],
  ['nodejs_gc_duration_seconds_sum', ['kind']],
  ['nodejs_heap_size_used_bytes', []],
  ['process_cpu_seconds_total', []],
  ['process_resident_memory_bytes', []],
]);

/** Labels that Prometheus adds; `namespace` only in Kubernetes. */
const scraped = ['namespace', 'job', 'instance'];

/** Returns the unknown metrics of an expression, and the labels that their metrics do not have. */
export function problemsOf(expr: string, recorded: ReadonlySet<string> = new Set()): string[] {
  const problems: string[] = [];
  for (const [, name = '', selector = ''] of expr.matchAll(
    /\b((?:sluice|gen_ai|nodejs|process)[a-z0-9_:]*)(\{[^}]*\})?/g,
  )) {
    if (recorded.has(name)) continue;
    const labels = labelsOf(name);
    if (labels === undefined) problems.push(`no metric ${name}`);
    for (const [, label = ''] of selector.matchAll(/[{,]\s*(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (labels !== undefined && !labels.includes(label)) problems.push(`${name} has no label ${label}`);
    }
  }
  for (const [, names = ''] of expr.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)) {
    const known = new Set(namesIn(expr).flatMap((name) => labelsOf(name) ?? []));
    for (const label of names.split(',').map((word) => word.trim())) {
      if (!known.has(label)) problems.push(`nothing in "${expr}" has a label ${label}`);
    }
  }
  return problems;
}

const namesIn = (expr: string): string[] =>
  Array.from(expr.matchAll(/\b((?:sluice|gen_ai|nodejs|process)_[a-z0-9_]*)/g), ([, name = '']) => name);

/** Returns the labels of a metric or of a histogram's series; undefined when it does not exist. */
function labelsOf(name: string): readonly string[] | undefined {
  const ofProcess = processMetrics.get(name);
  if (ofProcess !== undefined) return [...ofProcess, ...scraped];
  const row = rows.get(name);
  if (row !== undefined) return row.kind === 'histogram' ? undefined : [...Object.keys(row.labels), ...scraped];
  const [, base = '', suffix = ''] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  const histogram = rows.get(base);
  if (histogram?.kind !== 'histogram') return undefined;
  return [...Object.keys(histogram.labels), ...scraped, ...(suffix === 'bucket' ? ['le'] : [])];
}
