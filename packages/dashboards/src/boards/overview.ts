import { badCodes, codesOf } from '../blame.ts';
import { type Board, greenUntil, now, prom, quantiles, rateBy, type Row } from '../board.ts';
import { objective } from '../rules/objective.ts';

const model = 'model=~"$model"';
const target = `${model}, upstream=~"$upstream"`;

/** Share of a histogram's observations at or below a target. The bound is written as a whole number or as a float. */
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
      description: `Share of requests without an error that the provider, the fleet or Sluice itself is to blame for. The objective is ${objective.good * 100} %.`,
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
      description: 'Of the errors that the objective allows in this time range. Below 0 the objective is missed.',
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
      description: 'Share of answers whose first piece came within the target that the variable "First token" names.',
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(within('gen_ai_server_time_to_first_token_seconds', target, '$ttft_target'))],
      thresholds: share,
    },
    {
      title: 'Chunk gaps within target',
      description: 'Share of the gaps between two chunks that are within the target that the variable "Gap" names.',
      kind: 'number',
      width: 4,
      unit: 'percentunit',
      queries: [now(within('sluice_upstream_chunk_gap_seconds', 'upstream=~"$upstream"', '$gap_target'))],
      thresholds: share,
    },
    {
      title: 'Requests',
      description: 'Requests to models that end, a second.',
      kind: 'number',
      width: 4,
      unit: 'reqps',
      queries: [prom(`sum(rate(sluice_requests_total{${model}}[$__rate_interval]))`)],
    },
    {
      title: 'Tokens',
      description: 'Tokens of prompts and answers, a second.',
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
      description: 'Complete, failed, left by the client, or refused before a provider was asked.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [rateBy('sluice_requests_total', { labels: model, by: ['outcome'] })],
    },
    {
      title: 'Errors by who is to blame',
      description:
        'Client: the request itself. Key limits: more than the key may. Provider: it failed or limited us. Fleet: too small, draining, or without Redis. Sluice: a fault of ours.',
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
      description: 'As clients are told them. docs/errors.md says what to do about each.',
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
      description: 'From the arrival of a request to the first piece of its answer. Dots lead to example traces.',
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
      description: 'Between two chunks of an answer, as the worker reads them from the provider.',
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
      description: 'From handing a request to the queue to word from the worker that took it.',
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
      description: 'Of complete streams: what remains after the first token, divided by the tokens after it.',
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
      description: 'Tokens of prompts and answers a second, as providers counted them.',
      kind: 'stacked',
      width: 12,
      unit: 'cps',
      queries: [rateBy('sluice_tokens_total', { labels: target, by: ['model', 'type'] })],
    },
    {
      title: 'Tokens by key',
      description: 'By the name of the client key. Keys beyond the hundredth of the configuration count as "other".',
      kind: 'stacked',
      width: 12,
      unit: 'cps',
      queries: [rateBy('sluice_key_tokens_total', { labels: 'key=~"$key"', by: ['key'] })],
    },
    {
      title: 'Requests by key',
      description: 'In this time range, by the name of the client key and how they ended.',
      kind: 'table',
      width: 12,
      queries: [now('topk(50, sum by (key, outcome) (increase(sluice_key_requests_total{key=~"$key"}[$__range])))')],
    },
    {
      title: 'Clients that left',
      description: 'Answers that clients did not wait for, and clients that were cut off because they did not read.',
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
  description: 'What clients notice: errors, first tokens, gaps, tokens.',
  variables: ['model', 'upstream', 'key', 'ttft_target', 'gap_target'],
  rows: [targets, requests, times, usage],
};
