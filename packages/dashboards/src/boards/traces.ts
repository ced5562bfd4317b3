import type { Board, LokiQuery, Panel, Row, TempoQuery } from '../board.ts';

const traceMetrics = (query: string): TempoQuery => ({ source: 'tempo', kind: 'metrics', query });
const search = (query: string): TempoQuery => ({ source: 'tempo', kind: 'search', query });
const logs = (expr: string, legend?: string): LokiQuery => ({
  source: 'loki',
  expr,
  ...(legend === undefined ? {} : { legend }),
});

/** The span of a request at the ingress, the root of what Sluice does. */
const request = 'span:kind = server && resource.service.name = "sluice-ingress"';
/** Whatever ships the logs, the lines of requests have this field. */
const requestLines = '{service_name=~".+"} |= `"type":"request"` | json';

const whereTimeGoes: Row = {
  title: 'Where time goes, over the two hops',
  panels: [
    {
      title: 'Steps of a request, on average',
      description:
        "Waiting for a slot, waiting for a worker, the worker's run, calls to providers. Kept traces only: slow and failed requests weigh more than they are.",
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: [
        traceMetrics(
          '{ span:name =~ "admission wait|queue wait|process chat|provider token|POST" && resource.service.name =~ "sluice-.*" } | avg_over_time(duration) by (span:name)',
        ),
      ],
    },
    {
      title: 'Time in each service, p95',
      description:
        'The request at the ingress, and its runs at workers. What lies between them is waiting, Redis and the way of the tokens.',
      kind: 'lines',
      width: 12,
      unit: 's',
      queries: [
        traceMetrics(`{ ${request} } | quantile_over_time(duration, .95) by (resource.service.name)`),
        traceMetrics('{ span:name = "process chat" } | quantile_over_time(duration, .95) by (resource.service.name)'),
      ],
    },
    {
      title: 'Queue wait by upstream, p95',
      description: 'By the upstream that answered in the end.',
      kind: 'lines',
      width: 8,
      unit: 'ms',
      queries: [
        traceMetrics(
          `{ ${request} && span.sluice.upstream =~ "$upstream" && span.sluice.queue_wait_ms >= 0 } | quantile_over_time(span.sluice.queue_wait_ms, .95) by (span.sluice.upstream)`,
        ),
      ],
    },
    {
      title: 'Attempts by upstream and status',
      description: 'Calls to providers a second. The metrics board has all of them; this is of kept traces.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [
        traceMetrics(
          '{ span:name = "POST" && span:kind = client && span.sluice.upstream =~ "$upstream" } | rate() by (span.sluice.upstream, span:status)',
        ),
      ],
    },
    {
      title: 'Failed attempts by kind',
      description: 'The kind of the failure, as docs/errors.md explains it.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [
        traceMetrics(
          '{ span:name = "POST" && span:kind = client && span:status = error } | rate() by (span.sluice.upstream, span.error.type)',
        ),
      ],
      emptyWhile: 'no call fails',
    },
  ],
};

const table = (title: string, description: string, query: string, emptyWhile: string): Panel => ({
  title,
  description: `${description} A click on a span opens its trace; a click on its name shows the trace and its log lines in the last row.`,
  kind: 'traces',
  width: 12,
  height: 9,
  queries: [search(query)],
  emptyWhile,
});

const fields =
  'select(span.sluice.request_id, span.sluice.upstream, span.sluice.attempts, span.sluice.ttft_ms, span.sluice.queue_wait_ms)';

const worthALook: Row = {
  title: 'Requests worth a look',
  panels: [
    table(
      'Slowest requests',
      'Longer than ten seconds in all.',
      `{ ${request} && span:duration > 10s } | ${fields}`,
      'no request takes so long',
    ),
    table(
      'Late first tokens',
      'The first piece came after the target that the variable "First token" names.',
      `{ ${request} && span.sluice.ttft_ms > 1000 * $ttft_target } | ${fields}`,
      'first tokens come in time',
    ),
    table(
      'Failed requests',
      'With the code that the client was told.',
      `{ ${request} && span:status = error } | select(span.sluice.request_id, span.error.type, span.sluice.upstream, span.sluice.attempts)`,
      'no request fails',
    ),
    table(
      'Resumed streams',
      'The answer broke off and another call went on.',
      `{ ${request} && span.sluice.resumptions > 0 } | select(span.sluice.request_id, span.sluice.resumptions, span.sluice.upstream)`,
      'no stream breaks off',
    ),
  ],
};

const services: Row = {
  title: 'Services',
  panels: [
    {
      title: 'Service graph',
      description:
        'Made by the collector from all spans, kept or not: ingress, worker, and the providers that it calls.',
      kind: 'graph',
      width: 12,
      height: 10,
      queries: [{ source: 'tempo', kind: 'graph', query: '{client=~"sluice-.*"}' }],
    },
    {
      title: 'Log lines of failed requests',
      description: 'Each has the id of its trace.',
      kind: 'logs',
      width: 12,
      height: 10,
      queries: [logs(`${requestLines} | outcome=~"error|refused"`)],
      emptyWhile: 'no request fails',
    },
    {
      title: 'Requests by key, from the log',
      description:
        'Of all keys, also of those beyond the hundredth, which have no series of their own among the metrics.',
      kind: 'stacked',
      width: 12,
      unit: 'short',
      queries: [
        logs(`sum by (key_name, outcome) (count_over_time(${requestLines} [$__auto]))`, '{{key_name}} {{outcome}}'),
      ],
    },
    {
      title: 'Completion tokens by key, from the log',
      description: 'As providers counted them.',
      kind: 'stacked',
      width: 12,
      unit: 'short',
      queries: [
        logs(
          `sum by (key_name) (sum_over_time(${requestLines} | completion_tokens!="" | unwrap completion_tokens [$__auto]))`,
          '{{key_name}}',
        ),
      ],
    },
  ],
};

const one: Row = {
  title: 'One trace and its logs',
  panels: [
    {
      title: 'Trace',
      description: 'The one whose id stands in the variable "Trace".',
      kind: 'trace',
      width: 24,
      height: 14,
      queries: [{ source: 'tempo', kind: 'trace', query: '$trace' }],
      emptyWhile: 'no trace is chosen',
    },
    {
      title: 'Its log lines',
      description: 'The line of the request at the ingress, and at the debug level those of the worker.',
      kind: 'logs',
      width: 24,
      queries: [logs('{service_name=~".+"} |= "$trace" | json')],
      emptyWhile: 'no trace is chosen',
    },
  ],
};

export const traces: Board = {
  uid: 'sluice-traces',
  title: 'Sluice: traces',
  description: 'Where the time of requests goes, and which of them to look at.',
  variables: ['upstream', 'ttft_target', 'trace'],
  rows: [whereTimeGoes, worthALook, services, one],
};
