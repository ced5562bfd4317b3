import type { Board, LokiQuery, Panel, Row, TempoQuery } from '../board.ts';

const traceMetrics = (query: string): TempoQuery => ({ source: 'tempo', kind: 'metrics', query });
const search = (query: string): TempoQuery => ({ source: 'tempo', kind: 'search', query });
const logs = (expr: string, legend?: string): LokiQuery => ({
  source: 'loki',
  expr,
  ...(legend === undefined ? {} : { legend }),
});

/** The span of a request at the ingress: the root of Sluice's spans. */
const request = 'span:kind = server && resource.service.name = "sluice-ingress"';
/** Selects the log lines of the fleet. `raw`: Grafana must not escape the quotes in it. */
const fleetLines = '{${logs_selector:raw}}';
/** Selects the log lines of requests by a field that does not depend on the log shipper. */
const requestLines = `${fleetLines} |= \`"type":"request"\` | json`;

const whereTimeGoes: Row = {
  title: 'Time spent in ingress and worker',
  panels: [
    {
      title: 'Steps of a request, on average',
      description:
        "Wait for a lease, wait for a worker, the worker's run, calls to providers. Only kept traces: slow and failed requests are overrepresented.",
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
        'The request at the ingress, and its runs at workers. The difference is waiting, Redis and the transfer of the answer.',
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
      description: 'By the upstream that gave the final answer.',
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
      description: 'Attempts per second in kept traces. The board of upstreams has all attempts.',
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
      description: 'Kind of the failure; docs/errors.md explains the kinds.',
      kind: 'stacked',
      width: 8,
      unit: 'ops',
      queries: [
        traceMetrics(
          '{ span:name = "POST" && span:kind = client && span:status = error } | rate() by (span.sluice.upstream, span.error.type)',
        ),
      ],
      emptyWhile: 'no attempt fails',
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
  title: 'Notable requests',
  panels: [
    table(
      'Slowest requests',
      'Longer than ten seconds in all.',
      `{ ${request} && span:duration > 10s } | ${fields}`,
      'no request takes so long',
    ),
    table(
      'Late first tokens',
      'The first piece came later than the target in the variable "First token".',
      `{ ${request} && span.sluice.ttft_ms > 1000 * $ttft_target } | ${fields}`,
      'first tokens come in time',
    ),
    table(
      'Failed requests',
      'With the error code in the answer to the client.',
      `{ ${request} && span:status = error } | select(span.sluice.request_id, span.error.type, span.sluice.upstream, span.sluice.attempts)`,
      'no request fails',
    ),
    table(
      'Resumed streams',
      'The answer broke off and another attempt resumed it.',
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
        'The collector makes it from all spans, kept or not: ingress, worker, and the providers that it calls.',
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
      description: 'Includes the keys after the first hundred, which have no metric series of their own.',
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
      description: 'The trace whose id is in the variable "Trace".',
      kind: 'trace',
      width: 24,
      height: 14,
      queries: [{ source: 'tempo', kind: 'trace', query: '$trace' }],
      emptyWhile: 'no trace is chosen',
    },
    {
      title: 'Its log lines',
      description: 'The line of the request at the ingress, and the lines of the worker at the debug level.',
      kind: 'logs',
      width: 24,
      queries: [logs(`${fleetLines} |= "$trace" | json`)],
      emptyWhile: 'no trace is chosen',
    },
  ],
};

export const traces: Board = {
  uid: 'sluice-traces',
  title: 'Sluice: traces',
  description: 'Time spent by requests in each step, and notable requests.',
  variables: ['upstream', 'ttft_target', 'logs_selector', 'trace'],
  rows: [whereTimeGoes, worthALook, services, one],
};
