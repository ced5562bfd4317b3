import { type Board, now, prom, quantiles, rateBy, redFrom, type Row } from '../board.ts';

const upstream = 'upstream=~"$upstream"';

const health: Row = {
  title: 'Health',
  panels: [
    {
      title: 'Open circuits',
      description: 'Targets to which no request is sent because they keep failing.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom('count(max by (target) (sluice_circuit_open) == 1) or vector(0)')],
      thresholds: redFrom(1),
    },
    {
      title: 'Upstreams with nothing to call with',
      description: 'All their credentials rest. Requests to them wait or fail.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom(`count(max by (upstream) (sluice_credentials{state="ready", ${upstream}}) == 0) or vector(0)`)],
      thresholds: redFrom(1),
    },
    {
      title: 'Attempts that succeed',
      description: 'Share of calls to providers that were complete, without those that nobody wanted any more.',
      kind: 'number',
      width: 6,
      unit: 'percentunit',
      queries: [
        now(
          `sum(rate(sluice_upstream_attempts_total{outcome="complete", ${upstream}}[$__range])) / sum(rate(sluice_upstream_attempts_total{outcome!="cancelled", ${upstream}}[$__range]))`,
        ),
      ],
      thresholds: [
        { from: 0, color: 'red' },
        { from: 0.9, color: 'orange' },
        { from: 0.98, color: 'green' },
      ],
    },
    {
      title: 'Burnt tokens',
      description: 'Paid for and part of no answer, in this time range.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [now(`sum(increase(sluice_burnt_tokens_total{${upstream}}[$__range]))`)],
      emptyWhile: 'no call has failed in the middle of its answer',
    },
    {
      title: 'Circuits',
      description: '1 while the circuit of the target is open. One call now and then tries it.',
      kind: 'timeline',
      width: 12,
      queries: [prom('max by (target) (sluice_circuit_open)', '{{target}}')],
      thresholds: redFrom(1),
    },
    {
      title: 'Credentials',
      description: 'Ready at 0: requests to this upstream wait or fail.',
      kind: 'lines',
      width: 12,
      unit: 'short',
      queries: [prom(`max by (upstream, state) (sluice_credentials{${upstream}})`, '{{upstream}} {{state}}')],
    },
  ],
};

const calls: Row = {
  title: 'Calls',
  panels: [
    {
      title: 'Attempts by upstream and outcome',
      description: 'Each call of one target with one credential.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_upstream_attempts_total', { labels: upstream, by: ['upstream', 'outcome'] })],
    },
    {
      title: 'Retries by reason',
      description: 'Failed calls that left the request to be tried again.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_retries_total', { labels: upstream, by: ['upstream', 'reason'] })],
      emptyWhile: 'no call fails',
    },
    {
      title: 'Cool-downs by reason',
      description: 'Credentials sent to rest. Rate limits: add credentials. Authentication: replace the key.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_credential_cooldowns_total', { labels: upstream, by: ['upstream', 'reason'] })],
      emptyWhile: 'no provider limits or refuses a credential',
    },
    {
      title: 'Resumed streams',
      description: 'Streams that broke off and were continued, by how they ended. Complete: no client noticed.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_resumed_streams_total', { by: ['outcome'] })],
      emptyWhile: 'no stream breaks off',
    },
    {
      title: 'Burnt tokens',
      description: 'About what failed calls had sent of an answer, a second.',
      kind: 'stacked',
      width: 8,
      unit: 'cps',
      queries: [rateBy('sluice_burnt_tokens_total', { labels: upstream, by: ['upstream'] })],
      emptyWhile: 'no call has failed in the middle of its answer',
    },
    {
      title: 'Questions for model lists',
      description: 'Workers ask upstreams which models they have, where a glob of the configuration covers them.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_model_list_calls_total', { labels: upstream, by: ['upstream', 'outcome'] })],
      emptyWhile: 'nobody asks for the list of models, or no glob needs it',
    },
  ],
};

const speed: Row = {
  title: 'Speed and connections',
  panels: [
    {
      title: 'Time to the first token, p95',
      description: 'As clients see it, by the upstream that answered.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.95], {
        metric: 'gen_ai_server_time_to_first_token_seconds',
        labels: upstream,
        by: ['upstream'],
      }),
    },
    {
      title: 'Gap between chunks, p99',
      description: 'Between two chunks of an answer, as the worker reads them from the provider.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.99], { metric: 'sluice_upstream_chunk_gap_seconds', labels: upstream, by: ['upstream'] }),
    },
    {
      title: 'Connections',
      description: 'Open ones of all workers, and calls that wait for one.',
      kind: 'lines',
      width: 8,
      unit: 'short',
      queries: [
        prom(`sum by (upstream) (sluice_upstream_connections{${upstream}})`, '{{upstream}} open'),
        prom(`sum by (upstream) (sluice_upstream_waiting_calls{${upstream}})`, '{{upstream}} waiting'),
      ],
    },
  ],
};

export const upstreams: Board = {
  uid: 'sluice-upstreams',
  title: 'Sluice: upstreams and credentials',
  description: 'What providers do to us: health, cool-downs, attempts, retries, resumptions.',
  variables: ['upstream'],
  rows: [health, calls, speed],
};
