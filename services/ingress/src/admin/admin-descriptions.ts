import { blames } from '@sluice/protocol';
import { z } from 'zod';
import type { NamedSchema, ParameterDescription, RouteDescription } from '../documents/route-description.ts';

const count = z.number().int().nonnegative();
const ms = z.number().nonnegative();
const isoTime = z.iso.datetime();
const outcome = z.enum(['complete', 'error', 'cancelled', 'refused', 'lost']);

const listed = {
  object: z.literal('request'),
  id: z.string().optional().describe('Id that the client got as `x-request-id`.'),
  internal_id: z.string().optional().describe('Id in the lines of both services.'),
  arrived_at: isoTime.optional(),
  duration_ms: ms.optional(),
  status: z.number().int().optional(),
  outcome: outcome.optional(),
  code: z.string().optional(),
  error: z.string().optional().describe('Text of the error that the client got.'),
  blame: z.enum(blames).optional().describe('Who caused the error.'),
  key_id: z.string().optional(),
  key_name: z.string().optional(),
  operation: z.string().optional(),
  model: z.string().optional().describe('Model as the client named it.'),
  stream: z.boolean().optional(),
  upstream: z.string().optional(),
  attempts: count.optional().describe('Number of upstream calls.'),
  cost_micros: count.optional().describe('Cost in millionths of a dollar; absent until the ledger has it.'),
  cost_usd: z.number().optional(),
  trace_id: z.string().optional(),
};

const requestList: NamedSchema = {
  name: 'RequestList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(z.object(listed)),
    has_more: z.boolean(),
    next: z.string().nullable().describe('Value of `after` for the next page.'),
  }),
};

const attempt = z.object({
  id: z.string(),
  run: count,
  number: count,
  upstream: z.string(),
  model: z.string(),
  credential: z.string().describe('Id of the credential.'),
  started_at: isoTime,
  duration_ms: ms,
  ttft_ms: ms.optional(),
  outcome: z.string(),
  failure_kind: z.string().optional(),
  status: z.number().int().optional(),
  tokens: z.record(z.string(), count).describe('Disjoint classes: fresh, cache_read, cache_write, output, reasoning.'),
  estimated: z.boolean(),
  price_source: z.string(),
  cost_micros: count,
  cost_usd: z.number(),
  provider_cost_micros: count.optional().describe('Cost that the provider itself reports.'),
});

const body = z
  .object({
    bytes: count.describe('Size of the whole body, as it was sent.'),
    truncated: z.boolean().describe('Only the first part of it is kept.'),
    text: z.string().nullable().describe('The body with its secrets masked and long base64 left out.'),
    unreadable: z.string().optional().describe('Why there is no text.'),
  })
  .nullable();

const requestDetails: NamedSchema = {
  name: 'RequestDetails',
  schema: z.object({
    ...listed,
    client_address: z.string().optional(),
    user_agent: z.string().optional(),
    timeline: z
      .object({ parts: z.array(z.object({ name: z.string(), ms })), sum_ms: ms, duration_ms: ms })
      .optional()
      .describe('Parts that follow each other without gaps.'),
    changes: z.record(z.string(), count).optional().describe('What was dropped or added.'),
    calls: z.array(attempt).describe('The upstream calls, in their order.'),
    ledger: z.record(z.string(), z.unknown()).nullable(),
    bodies: z
      .object({ request: body, response: body })
      .describe('Kept where `records.log_bodies` and `log_bodies` of the key say so. A stream is put together.'),
  }),
};

const usageList: NamedSchema = {
  name: 'UsageList',
  schema: z.object({
    object: z.literal('list'),
    from: isoTime,
    to: isoTime,
    data: z.array(z.record(z.string(), z.union([z.string(), z.number()]))),
  }),
};

const query = (name: string, description: string, schema: z.ZodType = z.string()): ParameterDescription => ({
  name,
  in: 'query',
  description,
  schema,
});

const span = [
  query('from', 'Start: ISO 8601, or ms since 1970.'),
  query('to', 'End, exclusive: ISO 8601, or ms since 1970.'),
];
const sums = [...span, query('format', 'Form of the answer.', z.enum(['json', 'csv']))];
const csv = [{ mediaType: 'text/csv', example: 'day,requests\r\n2026-11-30T00:00:00Z,12\r\n' }];
const errors = [
  'invalid_api_key',
  'admin_key_required',
  'rate_limit_exceeded',
  'invalid_value',
  'records_unavailable',
] as const;

/** The pages for administrators. */
export const adminDescriptions: readonly RouteDescription[] = [
  {
    method: 'get',
    path: '/admin/requests',
    id: 'listRequests',
    tag: 'admin',
    summary: 'Searches the request log, newest first',
    access: 'admin',
    parameters: [
      query('id', 'Id that the client got, or internal id.'),
      query('key', 'Id of a client key, or name of a configured one.'),
      query('model', 'Model as the client named it.'),
      query('upstream', 'Id of the upstream that answered.'),
      query('status', '`429`, `4xx` or `500-599`.'),
      query('outcome', 'End of the request.', outcome),
      query('code', 'Error code.'),
      query('error', "Part of the error's text."),
      query('min_cost_usd', 'Least cost in dollars.'),
      query('max_cost_usd', 'Most cost in dollars.'),
      ...span,
      query('limit', 'Most requests of a page; default 50.', z.number().int().min(1).max(500)),
      query('after', '`next` of the page before.'),
    ],
    answers: { 200: { description: 'A page.', json: requestList } },
    errors,
  },
  {
    method: 'get',
    path: '/admin/requests/{id}',
    id: 'getRequest',
    tag: 'admin',
    summary: 'Explains one request: its time, its attempts, its cost',
    access: 'admin',
    parameters: [
      { name: 'id', in: 'path', description: 'Id that the client got, or internal id.', schema: z.string() },
    ],
    answers: { 200: { description: 'The request.', json: requestDetails } },
    errors: [
      'invalid_api_key',
      'admin_key_required',
      'rate_limit_exceeded',
      'request_not_found',
      'records_unavailable',
    ],
  },
  {
    method: 'get',
    path: '/admin/usage',
    id: 'getUsage',
    tag: 'admin',
    summary: 'Sums of requests, tokens and cost',
    access: 'admin',
    parameters: [
      query(
        'group_by',
        'Comma-separated: `key`, `team`, `owner`, `model`, `upstream`, `tag` or `session`, and one of `hour`, `day` and `month`. Default: `day`.',
      ),
      ...['key', 'team', 'owner', 'model', 'upstream', 'tag', 'session'].map((name) =>
        query(name, `Only the usage of this ${name}.`),
      ),
      ...sums,
      query('limit', 'Most rows; default 10,000.', z.number().int().min(1).max(10_000)),
    ],
    answers: { 200: { description: 'The sums, the dearest first.', json: usageList, texts: csv } },
    errors,
  },
  {
    method: 'get',
    path: '/admin/usage/upstreams',
    id: 'getUpstreamUsage',
    tag: 'admin',
    summary: 'Sums of the calls by upstream, model and credential',
    access: 'admin',
    parameters: sums,
    answers: { 200: { description: 'The sums, the dearest first.', json: usageList, texts: csv } },
    errors,
  },
];
