import { GatewayError } from '@sluice/protocol';

/** A part of the list of models, in the words of Anthropic's API. */
export interface ModelPage {
  /** Most models of the answer; undefined = all. */
  readonly limit: number | undefined;
  /** The page begins after this model. */
  readonly afterId: string | undefined;
  /** The page ends before this model. */
  readonly beforeId: string | undefined;
}

const mostModels = 1000;

/** @throws GatewayError 400 that names the wrong parameter */
export function readPage(query: Readonly<Record<string, unknown>>): ModelPage {
  return {
    limit: readLimit(query['limit']),
    afterId: readId('after_id', query['after_id']),
    beforeId: readId('before_id', query['before_id']),
  };
}

function readLimit(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const limit = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0;
  if (limit >= 1 && limit <= mostModels) return limit;
  throw new GatewayError('invalid_value', {
    param: 'limit',
    message: `Invalid 'limit': expected a whole number from 1 to ${mostModels}.`,
  });
}

function readId(param: string, value: unknown): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new GatewayError('invalid_type', { param, message: `Invalid '${param}': expected one text.` });
}

interface Named {
  readonly id: string;
}

/** Returns the models of a page. An id that is not in the list sets no bound. */
export function pageOf<Model extends Named>(
  models: readonly Model[],
  { limit = models.length, afterId, beforeId }: ModelPage,
): { readonly items: readonly Model[]; readonly hasMore: boolean } {
  const start = models.findIndex(({ id }) => id === afterId) + 1;
  const end = models.findIndex(({ id }) => id === beforeId);
  const found = models.slice(start, end < 0 ? undefined : end);
  const isBackwards = beforeId !== undefined && afterId === undefined;
  return {
    items: isBackwards ? found.slice(Math.max(0, found.length - limit)) : found.slice(0, limit),
    hasMore: found.length > limit,
  };
}
