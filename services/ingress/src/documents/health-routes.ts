import { alive, health, readiness, status } from './health-schemas.ts';
import type { RouteDescription } from './route-description.ts';

const inFull =
  'Without an admin key only what a probe needs. `server.public_status` shows the figures to everybody; replicas, queue, upstreams and database stay with admin keys and the management port.';

/** Probes, status and metrics. The management port has them too, without a key. */
export const healthRoutes: readonly RouteDescription[] = [
  {
    method: 'get',
    path: '/livez',
    id: 'isAlive',
    tag: 'operation',
    summary: 'Tells whether the process answers',
    description: 'Independent of Redis.',
    access: 'none',
    answers: { 200: { description: 'It does.', json: alive, examples: { alive: { status: 'ok' } } } },
    errors: [],
  },
  {
    method: 'get',
    path: '/readyz',
    id: 'isReady',
    tag: 'operation',
    summary: 'Tells whether this replica may get requests',
    access: 'none',
    answers: {
      200: {
        description: 'It may.',
        json: readiness,
        examples: { ready: { status: 'ready', redis: 'ok', draining: false } },
      },
      503: {
        description: 'It drains, or Redis is away.',
        json: readiness,
        examples: { away: { status: 'not ready', redis: 'unreachable', draining: false } },
      },
    },
    errors: [],
  },
  {
    method: 'get',
    path: '/health',
    id: 'getHealth',
    tag: 'operation',
    summary: 'A summary of this replica; 200 while the process lives',
    description: inFull,
    access: 'optional',
    answers: { 200: { description: 'The summary.', json: health } },
    errors: [],
  },
  {
    method: 'get',
    path: '/status',
    id: 'getStatus',
    tag: 'operation',
    summary: 'Figures of this replica and of the fleet',
    description: inFull,
    access: 'optional',
    answers: { 200: { description: 'The figures.', json: status } },
    errors: [],
  },
  {
    method: 'get',
    path: '/metrics',
    id: 'getMetrics',
    tag: 'operation',
    summary: 'Metrics for Prometheus',
    description: 'OpenMetrics for scrapers that ask for it. The management port needs no key.',
    access: 'admin',
    answers: {
      200: {
        description: 'The metrics.',
        texts: [
          { mediaType: 'text/plain', example: '# TYPE sluice_requests_total counter\n' },
          { mediaType: 'application/openmetrics-text', example: '# TYPE sluice_requests counter\n# EOF\n' },
        ],
      },
    },
    errors: ['invalid_api_key', 'admin_key_required', 'rate_limit_exceeded'],
  },
];
