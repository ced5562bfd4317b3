import { durationBuckets, firstTokenBuckets, perTokenBuckets } from '../buckets.ts';
import { errorCodes, outcomes, statusClasses } from '../label-values.ts';
import type { MetricRow } from '../metric-row.ts';
import { ingress } from './services.ts';

/** Metrics of answers, which clients notice. */
export const answerMetrics = {
  requestDuration: {
    name: 'gen_ai_server_request_duration_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams', code: statusClasses },
    help: 'From the arrival of a chat request to the end of its answer.',
    buckets: durationBuckets,
  },
  timeToFirstToken: {
    name: 'gen_ai_server_time_to_first_token_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams' },
    help: 'From the arrival of a chat request to the first piece of its answer.',
    buckets: firstTokenBuckets,
  },
  timePerOutputToken: {
    name: 'gen_ai_server_time_per_output_token_seconds',
    kind: 'histogram',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams' },
    help: '(duration - time to first token) / (output tokens - 1), for complete answers of two tokens or more.',
    buckets: perTokenBuckets,
  },
  tokens: {
    name: 'sluice_tokens_total',
    kind: 'counter',
    services: ingress,
    labels: { model: 'models', upstream: 'upstreams', type: ['input', 'output'] },
    help: 'Tokens as counted by the upstream.',
  },
  requests: {
    name: 'sluice_requests_total',
    kind: 'counter',
    services: ingress,
    labels: { model: 'models', stream: ['true', 'false'], outcome: outcomes, code: statusClasses },
    help: 'Chat requests by outcome.',
  },
  requestErrors: {
    name: 'sluice_request_errors_total',
    kind: 'counter',
    services: ingress,
    labels: { code: errorCodes },
    help: 'Errors sent to clients, as status or inside a stream, by error code.',
  },
  openStreams: {
    name: 'sluice_open_streams',
    kind: 'gauge',
    services: ingress,
    labels: {},
    help: 'Answers that this replica is streaming.',
  },
  clientAborts: {
    name: 'sluice_client_aborts_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Clients that disconnected before their answer was complete.',
  },
  slowClients: {
    name: 'sluice_slow_clients_total',
    kind: 'counter',
    services: ingress,
    labels: {},
    help: 'Clients disconnected because they did not read their answer.',
  },
} as const satisfies Record<string, MetricRow>;
