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
    improvements: z.array(z.string()).optional(),
  }),
};

const fleet = z
  .object({
    running_requests: whole.nullable(),
    waiting_requests: whole.nullable(),
    longest_wait_ms: whole.nullable(),
  })
  .describe('Of all replicas; null while Redis does not answer.');

export const status: NamedSchema = {
  name: 'Status',
  schema: z.object({
    ...summaryFields,
    version: z.string().optional(),
    current_connections: whole.optional(),
    max_connections: whole.optional(),
    fleet: fleet.optional(),
    memory_usage_mb: whole.optional(),
    memory_limit_mb: whole.nullable().optional(),
    total_requests: whole.optional(),
    error_count: whole.optional(),
    uptime_seconds: whole.optional(),
  }),
};
