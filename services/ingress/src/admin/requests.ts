import type { IngressConfig } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { RecordsStore } from '../records/records-store.ts';
import { describeBodies, type OpenBody } from './describe-bodies.ts';
import { describeListed, describeRequest } from './describe-request.ts';
import { decodeCursor, encodeCursor } from './request-cursor.ts';
import { countParameter, dollarsParameter, readQuery, textParameter, timeParameter } from './read-query.ts';

export interface RequestsNeeds {
  readonly config: Pick<IngressConfig, 'keys'>;
  readonly records: RecordsStore;
  /** Opens stored bodies; undefined without a secret. */
  readonly openBody: OpenBody | undefined;
}

const usualLimit = 50;
const mostLimit = 500;

/** `429`, `4xx` or `500-599`. */
const statusParameter = z
  .string()
  .regex(/^(?:[1-5]\d\d|[1-5]xx|[1-5]\d\d-[1-5]\d\d)$/, { error: 'must be a status such as 429, 4xx or 500-599' })
  .transform((text) => {
    if (text.endsWith('xx')) return { min: Number(`${text.slice(0, 1)}00`), max: Number(`${text.slice(0, 1)}99`) };
    const [min = '', max = min] = text.split('-');
    return { min: Number(min), max: Number(max) };
  });

const querySchema = z.strictObject({
  id: textParameter.optional(),
  /** Id of a key, or name of a configured one. */
  key: textParameter.optional(),
  model: textParameter.optional(),
  upstream: textParameter.optional(),
  status: statusParameter.optional(),
  outcome: z.enum(['complete', 'error', 'cancelled', 'refused', 'lost']).optional(),
  code: textParameter.optional(),
  error: textParameter.optional(),
  from: timeParameter.optional(),
  to: timeParameter.optional(),
  min_cost_usd: dollarsParameter.optional(),
  max_cost_usd: dollarsParameter.optional(),
  limit: countParameter(mostLimit).optional(),
  after: textParameter.optional(),
});

/** `GET /admin/requests`: the request log, newest first, a page at a time. */
export function listAdminRequests({ config, records }: Pick<RequestsNeeds, 'config' | 'records'>): RequestHandler {
  return async (request, response) => {
    const {
      key,
      status,
      min_cost_usd,
      max_cost_usd,
      limit = usualLimit,
      after,
      ...filter
    } = readQuery(querySchema, request);
    const { requests, next } = await records.use((db, { listRequests }) =>
      listRequests(db, {
        filter: {
          ...filter,
          keyId: config.keys.find(({ name }) => name === key)?.id ?? key,
          minStatus: status?.min,
          maxStatus: status?.max,
          minCostMicros: min_cost_usd,
          maxCostMicros: max_cost_usd,
        },
        after: after === undefined ? undefined : decodeCursor(after),
        limit,
      }),
    );
    response.json({
      object: 'list',
      data: requests.map(describeListed),
      has_more: next !== undefined,
      next: next === undefined ? null : encodeCursor(next),
    });
  };
}

/** `GET /admin/requests/{id}`: a request by the id that its client got, or by its internal one. */
export function showAdminRequest({ records, openBody }: Pick<RequestsNeeds, 'records' | 'openBody'>): RequestHandler {
  return async (request, response) => {
    const id = String(request.params['id']);
    const found = await records.use(async (db, { findBodies, findRequest }) => {
      const request = await findRequest(db, id);
      const internalId = request?.log?.id ?? request?.entry?.id;
      if (request === undefined || internalId === undefined) return undefined;
      return { ...request, id: internalId, stored: await findBodies(db, internalId) };
    });
    if (found === undefined) throw new GatewayError('request_not_found', { param: 'id' });
    const bodies = await describeBodies(found.stored, { id: found.id, open: openBody });
    response.setHeader('cache-control', 'no-store');
    response.json({ ...describeRequest(found), bodies });
  };
}
