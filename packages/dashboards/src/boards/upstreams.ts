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
      title: 'Upstreams without a usable credential',
      description: 'All their credentials are in cooldown. Requests to them wait or fail.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [prom(`count(max by (upstream) (sluice_credentials{state="ready", ${upstream}}) == 0) or vector(0)`)],
      thresholds: redFrom(1),
    },
    {
      title: 'Attempts that succeed',
      description: 'Share of attempts that were complete, not counting cancelled ones.',
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
      description: 'Tokens of failed attempts in this time range: billed by the provider, not part of any answer.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [now(`sum(increase(sluice_burnt_tokens_total{${upstream}}[$__range]))`)],
      emptyWhile: 'no attempt has failed in the middle of its answer',
    },
    {
      title: 'Circuits',
      description: '1 while the circuit of the target is open. A probe tries the target from time to time.',
      kind: 'timeline',
      width: 12,
      queries: [prom('max by (target) (sluice_circuit_open)', '{{target}}')],
      thresholds: redFrom(1),
    },
    {
      title: 'Credentials',
      description: 'If none is ready, requests to this upstream wait or fail.',
      kind: 'lines',
      width: 12,
      unit: 'short',
      queries: [prom(`max by (upstream, state) (sluice_credentials{${upstream}})`, '{{upstream}} {{state}}')],
    },
  ],
};

const calls: Row = {
  title: 'Attempts',
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
      description: 'Failed attempts after which the request was tried again.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_retries_total', { labels: upstream, by: ['upstream', 'reason'] })],
      emptyWhile: 'no attempt fails',
    },
    {
      title: 'Cooldowns by reason',
      description: 'Credentials put into cooldown. Rate limits: add credentials. Authentication: replace the key.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_credential_cooldowns_total', { labels: upstream, by: ['upstream', 'reason'] })],
      emptyWhile: 'no provider limits or refuses a credential',
    },
    {
      title: 'Resumed streams',
      description: 'Streams that broke off and were resumed, by outcome. Complete: the client got the whole answer.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_resumed_streams_total', { by: ['outcome'] })],
      emptyWhile: 'no stream breaks off',
    },
    {
      title: 'Burnt tokens',
      description: 'Approximate number of tokens per second that failed attempts had sent.',
      kind: 'stacked',
      width: 8,
      unit: 'cps',
      queries: [rateBy('sluice_burnt_tokens_total', { labels: upstream, by: ['upstream'] })],
      emptyWhile: 'no attempt has failed in the middle of its answer',
    },
    {
      title: 'Calls for model lists',
      description: 'Workers read the model lists of upstreams that a glob of the configuration covers.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [rateBy('sluice_model_list_calls_total', { labels: upstream, by: ['upstream', 'outcome'] })],
      emptyWhile: 'no client asks for the list of models, or no glob needs it',
    },
  ],
};

const speed: Row = {
  title: 'Speed and connections',
  panels: [
    {
      title: 'Time to the first token, p95',
      description: 'From the arrival of a request, by the upstream that answered.',
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
      description: 'Time between two chunks of an answer, as the worker reads them from the provider.',
      kind: 'lines',
      width: 8,
      unit: 's',
      queries: quantiles([0.99], { metric: 'sluice_upstream_chunk_gap_seconds', labels: upstream, by: ['upstream'] }),
    },
    {
      title: 'Connections',
      description: 'Open connections of all workers, and calls that wait for one.',
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
  description: 'Health, attempts, retries, cooldowns and resumptions by upstream.',
  variables: ['upstream'],
  rows: [health, calls, speed],
};
