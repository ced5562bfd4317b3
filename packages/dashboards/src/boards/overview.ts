import { badCodes, codesOf } from '../blame.ts';
import { type Board, greenUntil, now, prom, quantiles, rateBy, type Row } from '../board.ts';
import { objective } from '../rules/objective.ts';

const model = 'model=~"$model"';
const target = `${model}, upstream=~"$upstream"`;

/** Returns the share of a histogram's observations within a target. Prometheus writes the bound as an integer or a float. */
const within = (metric: string, labels: string, bound: string): string =>
  `sum(rate(${metric}_bucket{${labels}, le=~"${bound}([.]0)?"}[$__range])) / sum(rate(${metric}_count{${labels}}[$__range]))`;

const badShare = (range: string): string =>
  `(sum(rate(sluice_request_errors_total{code=~"${badCodes}"}[${range}])) or vector(0)) / sum(rate(sluice_requests_total[${range}]))`;

const share = [
  { from: 0, color: 'red' },
  { from: 0.95, color: 'orange' },
  { from: 0.99, color: 'green' },
] as const;

const targets: Row = {
  title: 'Objectives',
  panels: [
    {
      title: 'Good requests',
      description: `Share of requests without an error of the provider, the fleet or Sluice itself. The objective is ${objective.good * 100} %.`,
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(`1 - ${badShare('$__range')}`)],
      thresholds: [
        { from: 0, color: 'red' },
        { from: objective.good, color: 'green' },
      ],
    },
    {
      title: 'Error budget left',
      description: 'Share of the errors that the objective allows in this time range. Below 0 the objective is missed.',
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(`1 - ${badShare('$__range')} / ${objective.budget}`)],
      thresholds: [
        { from: -1000, color: 'red' },
        { from: 0, color: 'orange' },
        { from: 0.5, color: 'green' },
      ],
    },
    {
      title: 'First token within target',
      description: 'Share of answers whose first piece came within the target in the variable "First token".',
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(within('gen_ai_server_time_to_first_token_seconds', target, '$ttft_target'))],
      thresholds: share,
    },
    {
      title: 'Chunk gaps within target',
      description: 'Share of the gaps between two chunks that are within the target in the variable "Gap".',
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(within('sluice_upstream_chunk_gap_seconds', 'upstream=~"$upstream"', '$gap_target'))],
      thresholds: share,
    },
    {
      title: 'Requests',
      description: 'Finished requests to models per second.',
      kind: 'number',
      width: 4,
      unit: 'reqps',
      queries: [prom(`sum(rate(sluice_requests_total{${model}}[$__rate_interval]))`)],
    },
    {
      title: 'Tokens',
      description: 'Tokens of prompts and answers per second.',
      kind: 'number',
      width: 4,
      unit: 'cps',
      queries: [prom(`sum(rate(sluice_tokens_total{${target}}[$__rate_interval]))`)],
    },
  ],
};

const requests: Row = {
  title: 'Requests and errors',
  panels: [
    {
      title: 'Requests by outcome',
      description: 'Complete, failed, left by the client, or refused before any attempt.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_requests_total', { labels: model, by: ['outcome'] })],
    },
    {
      title: 'Errors by responsible party',
      description:
        'Client: the request itself. Key limits: more requests than the key allows. Provider: it failed or limited us. Fleet: too small, draining, or without Redis. Sluice: a bug.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: (['key limits', 'provider', 'fleet', 'sluice'] as const)
        .map((culprit) =>
          prom(
            `sum(rate(sluice_request_errors_total{code=~"${codesOf(culprit)}"}[$__rate_interval])) or vector(0)`,
            culprit,
          ),
        )
        .concat(
          prom(
            `sum(rate(sluice_request_errors_total{code!~"${codesOf('key limits', 'provider', 'fleet', 'sluice')}"}[$__rate_interval])) or vector(0)`,
            'client',
          ),
        ),
    },
    {
      title: 'Errors by code',
      description: 'Codes in the answers to clients. docs/errors.md says what to do about each.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_request_errors_total', { by: ['code'] })],
    },
  ],
};

const times: Row = {
  title: 'Times',
  panels: [
    {
      title: 'Time to the first token',
      description: 'From the arrival of a request to the first piece of its answer. Dots are links to example traces.',
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: [
        ...quantiles([0.5, 0.95, 0.99], { metric: 'gen_ai_server_time_to_first_token_seconds', labels: target }),
        prom('vector($ttft_target)', 'target'),
      ],
    },
    {
      title: 'Gap between chunks',
      description: 'Time between two chunks of an answer, as the worker reads them from the provider.',
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: [
        ...quantiles([0.5, 0.95, 0.99], {
          metric: 'sluice_upstream_chunk_gap_seconds',
          labels: 'upstream=~"$upstream"',
        }),
        prom('vector($gap_target)', 'target'),
      ],
    },
    {
      title: 'Queue wait',
      description: 'From the submission of a request to the first frame of its worker.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.5, 0.95, 0.99], { metric: 'sluice_queue_wait_seconds' }),
    },
    {
      title: 'Duration',
      description: 'From the arrival of a request to the end of its answer.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.5, 0.95, 0.99], { metric: 'gen_ai_server_request_duration_seconds', labels: target }),
    },
    {
      title: 'Time per output token',
      description: 'For complete streams: the time after the first token, divided by the number of tokens after it.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.5, 0.95], { metric: 'gen_ai_server_time_per_output_token_seconds', labels: target }),
    },
  ],
};

const usage: Row = {
  title: 'Usage',
  panels: [
    {
      title: 'Tokens by model',
      description: 'Tokens of prompts and answers per second, as counted by providers.',
      kind: 'stacked',
      width: 12,
      unit: 'cps',
      queries: [rateBy('sluice_tokens_total', { labels: target, by: ['model', 'type'] })],
    },
    {
      title: 'Tokens by key',
      description: 'By name of the client key. Keys after the first hundred of the configuration count as "other".',
      kind: 'stacked',
      width: 12,
      unit: 'cps',
      queries: [rateBy('sluice_key_tokens_total', { labels: 'key=~"$key"', by: ['key'] })],
    },
    {
      title: 'Requests by key',
      description: 'Requests in this time range, by name of the client key and outcome.',
      kind: 'table',
      width: 12,
      queries: [now('topk(50, sum by (key, outcome) (increase(sluice_key_requests_total{key=~"$key"}[$__range])))')],
    },
    {
      title: 'Clients that left',
      description:
        'Clients that left before the end of their answer, and clients that were disconnected because they read too slowly.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      thresholds: greenUntil(1, 10),
      queries: [
        prom('sum(rate(sluice_client_aborts_total[$__rate_interval]))', 'left'),
        prom('sum(rate(sluice_slow_clients_total[$__rate_interval]))', 'too slow'),
      ],
    },
  ],
};

export const overview: Board = {
  uid: 'sluice-overview',
  title: 'Sluice: overview and objectives',
  description: 'Effects on clients: errors, first tokens, gaps, tokens.',
  variables: ['model', 'upstream', 'key', 'ttft_target', 'gap_target'],
  rows: [targets, requests, times, usage],
};
