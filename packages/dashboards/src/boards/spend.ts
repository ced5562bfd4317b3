import { type Board, greenUntil, now, prom, rateBy, redFrom, type Row } from '../board.ts';

const upstream = 'upstream=~"$upstream"';
const model = 'model=~"$model"';
const key = 'key=~"$key"';
const dollars = (sum: string): string => `${sum} / 1e6`;

const glance: Row = {
  title: 'At a glance',
  panels: [
    {
      title: 'Cost',
      description:
        'US dollars in this time range, of all calls to upstreams, also of those whose client got no answer.',
      kind: 'number',
      width: 6,
      unit: 'currencyUSD',
      queries: [now(dollars(`sum(increase(sluice_cost_micro_dollars_total{${upstream}, ${model}}[$__range]))`))],
    },
    {
      title: 'Cost of a month at this rate',
      description: 'The cost of this time range, stretched to 30 days.',
      kind: 'number',
      width: 6,
      unit: 'currencyUSD',
      queries: [
        now(dollars(`sum(rate(sluice_cost_micro_dollars_total{${upstream}, ${model}}[$__range])) * 86400 * 30`)),
      ],
    },
    {
      title: 'Age of the oldest unrecorded entry',
      description: 'Entries of the ledger that wait in Redis for the database.',
      kind: 'number',
      width: 6,
      unit: 's',
      queries: [prom('max(sluice_outbox_age_seconds)')],
      thresholds: greenUntil(10, 60),
      emptyWhile: 'there is no database',
    },
    {
      title: 'Requests that do not balance',
      description: 'Their cost is not the sum of the costs of their attempts.',
      kind: 'number',
      width: 6,
      unit: 'short',
      queries: [now('sum(increase(sluice_ledger_imbalances_total[$__range]))')],
      thresholds: redFrom(1),
      emptyWhile: 'there is no database',
    },
  ],
};

const spend: Row = {
  title: 'Where the money goes',
  panels: [
    {
      title: 'Cost by upstream',
      description: 'US dollars in an hour at the rate of the moment.',
      kind: 'stacked',
      width: 8,
      unit: 'currencyUSD',
      queries: [
        prom(
          dollars(
            `sum by (upstream) (rate(sluice_cost_micro_dollars_total{${upstream}, ${model}}[$__rate_interval])) * 3600`,
          ),
          '{{upstream}}',
        ),
      ],
    },
    {
      title: 'Cost by model',
      description: 'US dollars in an hour, by the model that the client named.',
      kind: 'stacked',
      width: 8,
      unit: 'currencyUSD',
      queries: [
        prom(
          dollars(
            `sum by (model) (rate(sluice_cost_micro_dollars_total{${upstream}, ${model}}[$__rate_interval])) * 3600`,
          ),
          '{{model}}',
        ),
      ],
    },
    {
      title: 'Cost by key',
      description: 'US dollars in an hour, by name of the client key. Keys after the first hundred count as "other".',
      kind: 'stacked',
      width: 8,
      unit: 'currencyUSD',
      queries: [
        prom(
          dollars(`sum by (key) (rate(sluice_key_cost_micro_dollars_total{${key}}[$__rate_interval])) * 3600`),
          '{{key}}',
        ),
      ],
    },
    {
      title: 'Cache hits',
      description: 'Share of the tokens of prompts that upstreams read from their cache.',
      kind: 'lines',
      width: 8,
      unit: 'percentunit',
      queries: [
        prom(
          `sum by (upstream) (rate(sluice_upstream_tokens_total{class="cache_read", ${upstream}}[$__rate_interval])) / sum by (upstream) (rate(sluice_upstream_tokens_total{class=~"fresh|cache_read|cache_write", ${upstream}}[$__rate_interval]))`,
          '{{upstream}}',
        ),
      ],
    },
    {
      title: 'Tokens of upstreams by class',
      description: 'Classes do not overlap: fresh, read from and written to the cache, output, reasoning.',
      kind: 'stacked',
      width: 8,
      unit: 'cps',
      queries: [rateBy('sluice_upstream_tokens_total', { labels: upstream, by: ['class'] })],
    },
    {
      title: 'Budgets that refuse',
      description: 'Requests that a budget of a key or team refused.',
      kind: 'stacked',
      width: 8,
      unit: 'reqps',
      queries: [
        rateBy('sluice_admission_refusals_total', { labels: `${key}, reason="insufficient_quota"`, by: ['key'] }),
      ],
      emptyWhile: 'no budget is spent',
    },
    {
      title: 'Costs that a provider tells otherwise',
      description: 'Calls whose own cost differs from ours by more than 1 %: the price table is out of date.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_cost_differences_total', { labels: upstream, by: ['upstream'] })],
      emptyWhile: 'no provider tells another cost',
    },
    {
      title: 'Calls without a price',
      description: 'Calls of models that neither configuration nor table has a price for.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_unpriced_calls_total', { labels: upstream, by: ['upstream'] })],
      emptyWhile: 'every model has a price',
    },
  ],
};

const records: Row = {
  title: 'Records on their way to the database',
  panels: [
    {
      title: 'Database and recorder',
      description: 'Ingresses that reach the database, and those that write: one of the fleet.',
      kind: 'lines',
      width: 12,
      unit: 'short',
      queries: [prom('sum(sluice_database_up)', 'reach it'), prom('sum(sluice_recorder_running)', 'write')],
      emptyWhile: 'there is no database',
    },
    {
      title: 'Waiting batches',
      description: 'Batches of entries in Redis. They grow while the database is away.',
      kind: 'lines',
      width: 12,
      unit: 'short',
      queries: [prom('max by (stream) (sluice_outbox_batches)', '{{stream}}')],
      emptyWhile: 'there is no database',
    },
    {
      title: 'Written entries',
      description: 'By outbox.',
      kind: 'stacked',
      width: 12,
      unit: 'ops',
      queries: [rateBy('sluice_recorded_entries_total', { by: ['stream'] })],
      emptyWhile: 'there is no database',
    },
    {
      title: 'Lost and refused entries',
      description: 'Entries that were shed before the database had them, and entries that the database refused.',
      kind: 'lines',
      width: 12,
      unit: 'ops',
      queries: [
        prom('sum by (stream) (rate(sluice_outbox_shed_total[$__rate_interval]))', 'shed {{stream}}'),
        prom('sum by (stream) (rate(sluice_skipped_entries_total[$__rate_interval]))', 'refused {{stream}}'),
      ],
      emptyWhile: 'there is no database',
    },
  ],
};

export const spendBoard: Board = {
  uid: 'sluice-spend',
  title: 'Sluice: spend and keys',
  description: 'Cost by key, model and upstream, and the records on their way to the database.',
  variables: ['model', 'upstream', 'key'],
  rows: [glance, spend, records],
};
