import { z } from 'zod';
import type { NamedSchema } from './route-description.ts';

const whole = z.number().int().nonnegative().meta({ type: 'integer' });
const probeFields = {
  redis: z.enum(['ok', 'unreachable']),
  draining: z.boolean(),
};
const summaryFields = { status: z.enum(['ok', 'degraded']), ...probeFields };
/** Seen by operators alone. */
const settings = z.object({
  max_retries: whole,
  retry_delay: whole.describe('ms'),
  request_timeout: whole.describe('ms'),
  random_delay: z.string().describe('Range in ms: `100-500ms`.'),
  max_concurrent_connections: whole,
  stream_buffer_size: whole.describe('bytes'),
  connection_check_enabled: z.boolean(),
});

export const alive: NamedSchema = { name: 'Alive', schema: z.object({ status: z.literal('ok') }) };
export const readiness: NamedSchema = {
  name: 'Readiness',
  schema: z.object({ status: z.enum(['ready', 'not ready']), ...probeFields }),
};

const database = z.object({
  status: z.enum(['ok', 'unreachable']),
  answer_ms: whole.nullable().describe('Time that it took for its latest answer.'),
});

const stream = z.object({
  batches: whole.describe('Batches of entries on their way.'),
  oldest_ms: whole.nullable().describe('Age of the oldest one.'),
});

/** Seen by operators alone. */
const recordFields = {
  database: database.optional().describe('Absent without a database.'),
  outbox: z
    .object({ ledger: stream, attempts: stream, logs: stream, bodies: stream })
    .optional()
    .describe('Records on their way to the database. Absent without a database, or while nothing is known of them.'),
} as const;

export const health: NamedSchema = {
  name: 'Health',
  schema: z.object({
    ...summaryFields,
    timestamp: z.iso.datetime(),
    version: z.string().optional(),
    build_date: z.string().optional().describe('`2026-11-30`'),
    description: z.string().optional(),
    performance_mode: z.string().optional(),
    config: settings.optional(),
    stats: z
      .object({
        total_requests: whole,
        average_response_time: whole.describe('ms'),
        error_rate: whole.describe('Percent.'),
        current_connections: whole,
      })
      .optional(),
    ...recordFields,
    improvements: z.array(z.string()).optional(),
  }),
};

const fleet = z
  .object({
    running_requests: whole.nullable().describe('Leases in use.'),
    max_running_requests: whole,
    waiting_requests: whole.nullable().describe('Requests that wait for a lease.'),
    max_waiting_requests: whole,
    longest_wait_ms: whole.nullable().describe('Time for which the oldest of them has waited.'),
  })
  .describe('The limits of all replicas together.');

const shard = z.object({
  shard: whole,
  waiting: whole.describe('Jobs that no worker has taken.'),
  active: whole.describe('Jobs that workers run.'),
});

const replica = z.object({
  id: z.string(),
  service: z.enum(['ingress', 'worker']),
  version: z.string(),
  started_at: z.iso.datetime(),
});

const upstream = z.object({
  id: z.string(),
  credentials: z.object({ ready: whole, in_cooldown: whole }).describe('Numbers of credentials.'),
  cooldowns: z
    .array(
      z.object({
        credential: z.string(),
        model: z.string().nullable().describe('Null: all models of the upstream.'),
        ends_at: z.iso.datetime(),
        refused: z.boolean().describe('The provider does not accept the credential.'),
        reason: z.string(),
      }),
    )
    .describe('At most 50.'),
  open_circuits: z
    .array(z.object({ model: z.string(), failures: whole, cause: z.string() }))
    .describe('At most 50. A target without a `model` of its own has no circuit here.'),
});

/** The fleet's part of the page. A part is null while Redis does not answer, and until a worker has reported. */
export const fleetFields = {
  fleet,
  queue: z.array(shard).nullable(),
  replicas: z.array(replica).nullable().describe('Processes that live; one that was killed leaves after 5 s.'),
  upstreams: z.array(upstream).nullable(),
  ...recordFields,
} as const;

export const status: NamedSchema = {
  name: 'Status',
  schema: z.object({
    ...summaryFields,
    version: z.string().optional(),
    current_connections: whole.optional(),
    max_connections: whole.optional(),
    memory_usage_mb: whole.optional(),
    memory_limit_mb: whole.nullable().optional(),
    total_requests: whole.optional(),
    error_count: whole.optional(),
    uptime_seconds: whole.optional(),
    ...z.object(fleetFields).partial().shape,
  }),
};
