import { Gauge, type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** `text` is what every scraper reads; only `openmetrics` can carry exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** The answer of `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const openMetricsType = 'application/openmetrics-text';

/**
 * The format for a scraper that sent this `accept` header: OpenMetrics if it is named there and plain text is not
 * preferred to it. Prometheus names it only if it wants exemplars or has nothing against it; people and simple scrapers do not.
 */
export function chooseFormat(accept: string | undefined): ExpositionFormat {
  const wanted = weightOf(accept, openMetricsType);
  return wanted > 0 && wanted >= weightOf(accept, 'text/plain') ? 'openmetrics' : 'text';
}

/** The highest weight that the header gives to a type by name; 0 where it does not name it. */
function weightOf(accept = '', type: string): number {
  const weights = accept.split(',').flatMap((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return [weight === undefined ? 1 : Number(weight.slice(2)) || 0];
  });
  return Math.max(0, ...weights);
}

/** Gives a function that prints all metrics of a registry in either format. */
export function createExposer(text: Registry): (format: ExpositionFormat) => Promise<Exposition> {
  // Made when it is first asked for: all metrics are registered by then.
  let openMetrics: Registry<OpenMetricsContentType> | undefined;
  return async (format) => {
    const registry = format === 'text' ? text : (openMetrics ??= shadowsOf(text));
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
}

function shadowsOf(text: Registry): Registry<OpenMetricsContentType> {
  const shadows = new Registry<OpenMetricsContentType>();
  shadows.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const { name } of text.getMetricsAsArray()) {
    const metric = text.getSingleMetric(name);
    if (metric !== undefined) shadows.registerMetric(shadowOf(metric, name));
  }
  return shadows;
}

/**
 * A registry of OpenMetrics takes `_total` off the names of its counters, for good: the same metrics in the other registry
 * would lose theirs. So it gets metrics of its own, which read the others.
 */
function shadowOf(metric: Pick<Metric, 'get'>, name: string): Gauge {
  const shell = new Gauge({ name, help: name, registers: [] });
  const get = async (): Promise<object> => {
    const read = await metric.get();
    return String(read.type) === 'counter' ? { ...read, name: name.replace(/_total$/, '') } : read;
  };
  return Object.assign(shell, { get });
}
