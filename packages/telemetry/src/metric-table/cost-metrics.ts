import { recordedStreams, tokenClasses } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { both, ingress, worker } from './services.ts';

/** Metrics of money, and of the records on their way to the database. */
export const costMetrics = {
  cost: {
    name: 'sluice_cost_micro_dollars_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', model: 'models' },
    help: 'Cost of all calls in millionths of a US dollar, by upstream and by the model that the client named.',
  },
  keyCost: {
    name: 'sluice_key_cost_micro_dollars_total',
    kind: 'counter',
    services: ingress,
    labels: { key: 'keys' },
    help: 'Cost of requests in millionths of a US dollar, by client key, with all their attempts.',
  },
  upstreamTokens: {
    name: 'sluice_upstream_tokens_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams', class: tokenClasses },
    help: 'Tokens of all calls by disjoint class: fresh, cache_read and cache_write are the prompt, output and reasoning the answer.',
  },
  costDifferences: {
    name: 'sluice_cost_differences_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Calls for which the provider itself reports a cost that differs from ours by more than 1 %.',
  },
  unpricedCalls: {
    name: 'sluice_unpriced_calls_total',
    kind: 'counter',
    services: worker,
    labels: { upstream: 'upstreams' },
    help: 'Calls of models that have a price neither in the configuration nor in the table.',
  },
  outboxShed: {
    name: 'sluice_outbox_shed_total',
    kind: 'counter',
    services: both,
    labels: { stream: recordedStreams },
    help: 'Records that were dropped before the database had them; those dropped by Redis count by batch.',
  },
} as const satisfies Record<string, MetricRow>;
