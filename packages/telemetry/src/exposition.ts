import { Gauge, type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/** Exposition format: every scraper reads `text`; only `openmetrics` can carry exemplars. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** Answer of `/metrics`. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

const openMetricsType = 'application/openmetrics-text';

/**
 * Returns the format for a scraper with this `accept` header: OpenMetrics if the header names it and does not prefer
 * plain text. Prometheus names it if exemplars are enabled or both formats are acceptable; people and simple scrapers
 * do not.
 */
export function chooseFormat(accept: string | undefined): ExpositionFormat {
  const wanted = weightOf(accept, openMetricsType);
  return wanted > 0 && wanted >= weightOf(accept, 'text/plain') ? 'openmetrics' : 'text';
}

/** Returns the highest weight that the header gives to a type by name; 0 if the header does not name it. */
function weightOf(accept = '', type: string): number {
  const weights = accept.split(',').flatMap((range) => {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    if (name !== type) return [];
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    return [weight === undefined ? 1 : Number(weight.slice(2)) || 0];
  });
  return Math.max(0, ...weights);
}

/** Returns a function that prints all metrics of a registry in either format. */
export function createExposer(text: Registry): (format: ExpositionFormat) => Promise<Exposition> {
  // Created on first use: all metrics are registered by then.
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
 * Returns a copy of a metric for the OpenMetrics registry, which permanently removes `_total` from the names of its
 * counters. The copies read the original metrics and protect their names.
 */
function shadowOf(metric: Pick<Metric, 'get'>, name: string): Gauge {
  const shell = new Gauge({ name, help: name, registers: [] });
  const get = async (): Promise<object> => {
    const read = await metric.get();
    return String(read.type) === 'counter' ? { ...read, name: name.replace(/_total$/, '') } : read;
  };
  return Object.assign(shell, { get });
}
