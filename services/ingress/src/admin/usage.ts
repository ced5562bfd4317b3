import { GatewayError } from '@sluice/protocol';
import type { UsageGroup, UsageSum } from '@sluice/store';
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import type { RecordsStore } from '../records/records-store.ts';
import { countParameter, readQuery, textParameter, timeParameter } from './read-query.ts';
import { toCsv } from './to-csv.ts';

const groups = [
  'key',
  'team',
  'owner',
  'model',
  'upstream',
  'tag',
  'session',
  'hour',
  'day',
  'month',
] as const satisfies UsageGroup[];
const dayMs = 86_400_000;
const usualDays = 30;
const mostRows = 10_000;

const formatParameter = z.enum(['json', 'csv']).default('json');
const spanParameters = { from: timeParameter.optional(), to: timeParameter.optional(), format: formatParameter };

const groupsParameter = z
  .string()
  .transform((text) => text.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(groups)).max(groups.length))
  .default(['day']);

const usageSchema = z.strictObject({
  ...spanParameters,
  group_by: groupsParameter,
  key: textParameter.optional(),
  team: textParameter.optional(),
  owner: textParameter.optional(),
  model: textParameter.optional(),
  upstream: textParameter.optional(),
  tag: textParameter.optional(),
  session: textParameter.optional(),
  limit: countParameter(mostRows).default(mostRows),
});

interface UsageNeeds {
  readonly records: RecordsStore;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** `GET /admin/usage`: sums of requests, tokens and cost, as JSON or CSV. */
export function showUsage({ records, clock }: UsageNeeds): RequestHandler {
  return async (request, response) => {
    const { from, to, format, group_by: groupBy, limit, ...filter } = readQuery(usageSchema, request);
    const span = spanOf({ from, to }, clock());
    const sums = await records.use((db, { readUsage }) =>
      readUsage(db, { ...span, groupBy, filter, limit }).catch(refuseGroups),
    );
    const rows = sums.map(describeSum);
    send(response, { format, columns: [...groupBy, ...sumColumns], rows, span });
  };
}

const attemptColumns = [
  'upstream',
  'model',
  'credential',
  'attempts',
  'failed',
  'fresh_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'reasoning_tokens',
  'cost_micros',
  'cost_usd',
  'provider_cost_micros',
] as const;

/** `GET /admin/usage/upstreams`: sums of the calls by upstream, its model and credential: what its provider bills. */
export function showUpstreamUsage({ records, clock }: UsageNeeds): RequestHandler {
  return async (request, response) => {
    const { from, to, format } = readQuery(z.strictObject(spanParameters), request);
    const span = spanOf({ from, to }, clock());
    const sums = await records.use((db, { readUpstreamUsage }) => readUpstreamUsage(db, span));
    const rows = sums.map((sum) => ({
      upstream: sum.upstream,
      model: sum.model,
      credential: sum.credential,
      attempts: sum.attempts,
      failed: sum.failed,
      fresh_tokens: sum.fresh,
      cache_read_tokens: sum.cacheRead,
      cache_write_tokens: sum.cacheWrite,
      output_tokens: sum.output,
      reasoning_tokens: sum.reasoning,
      cost_micros: sum.costMicros,
      cost_usd: sum.costMicros / 1_000_000,
      provider_cost_micros: sum.providerCostMicros,
    }));
    send(response, { format, columns: attemptColumns, rows, span });
  };
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Without times, the page shows the last 30 days. */
function spanOf({ from, to }: Partial<Record<keyof Span, number | undefined>>, now: number): Span {
  const end = to ?? now;
  const begin = from ?? end - usualDays * dayMs;
  if (begin >= end) {
    throw new GatewayError('invalid_value', { message: "The time 'from' must be before 'to'.", param: 'from' });
  }
  return { from: begin, to: end };
}

function refuseGroups(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new GatewayError('invalid_value', { message: `${error.message}.`, param: 'group_by', cause: error });
}

const sumColumns = ['requests', 'failed', 'input_tokens', 'output_tokens', 'cost_micros', 'cost_usd'] as const;

const describeSum = ({ group, requests, failed, inputTokens, outputTokens, costMicros }: UsageSum): Row => ({
  ...group,
  requests,
  failed,
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  cost_micros: costMicros,
  cost_usd: costMicros / 1_000_000,
});

type Row = Readonly<Record<string, string | number>>;

interface Table {
  readonly format: 'json' | 'csv';
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly span: Span;
}

function send(response: Response, { format, columns, rows, span }: Table): void {
  if (format === 'json') {
    const [from, to] = [new Date(span.from).toISOString(), new Date(span.to).toISOString()];
    response.json({ object: 'list', from, to, data: rows });
    return;
  }
  response.setHeader('content-type', 'text/csv; charset=utf-8');
  response.setHeader('content-disposition', 'attachment; filename="usage.csv"');
  response.setHeader('x-content-type-options', 'nosniff');
  response.end(toCsv(columns, rows));
}
