import { estimatePrompt } from '@sluice/policy';
import { GatewayError, itemsOf } from '@sluice/protocol';
import { parseResponsesRequest, responsesToChat } from '@sluice/surfaces';
import type { StoredResponse } from '@sluice/store';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { countParameter, readQuery, textParameter } from '../admin/read-query.ts';
import { bodyStored, principalOf } from '../context.ts';
import { takeJson } from '../middleware/read-json.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import type { ResponseRecords } from './response-records.ts';

export interface ResponseRoutesNeeds {
  readonly responses: ResponseRecords;
  /** Identifies the client. */
  readonly asClient: readonly RequestHandler[];
  /** Reads a body that counts towards no limit. */
  readonly readFreeJson: RequestHandler;
}

const showQuery = z.strictObject({
  stream: z.enum(['true', 'false']).optional(),
  include: z.unknown().optional(),
  'include[]': z.unknown().optional(),
  include_obfuscation: z.unknown().optional(),
  starting_after: z.unknown().optional(),
});

const itemsQuery = z.strictObject({
  limit: countParameter(100).default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: textParameter.optional(),
  include: z.unknown().optional(),
  'include[]': z.unknown().optional(),
});

/** Stored responses. A response belongs to the key that created it; for every other key it does not exist. */
export function responseRoutes({ responses, asClient, readFreeJson }: ResponseRoutesNeeds): Router {
  const router = Router();

  async function found(request: Request, response: Response): Promise<StoredResponse> {
    const id = String(request.params['id']);
    const stored = await responses.find({ id, keyId: principalOf(response).keyId });
    if (stored === undefined) throw notFound(id);
    return stored;
  }

  const show: RequestHandler = async (request, response) => {
    const { stream } = readQuery(showQuery, request);
    if (stream === 'true') {
      throw new GatewayError('invalid_value', {
        param: 'stream',
        message: 'Only background responses can be streamed again, and this one was not started in the background.',
      });
    }
    response.json((await found(request, response)).response);
  };

  const remove: RequestHandler = async (request, response) => {
    const id = String(request.params['id']);
    const isRemoved = await responses.remove({ id, keyId: principalOf(response).keyId });
    if (!isRemoved) throw notFound(id);
    response.json({ id, object: 'response', deleted: true });
  };

  const cancel: RequestHandler = async (request, response) => {
    await found(request, response);
    throw new GatewayError('invalid_request', {
      message: 'Only background responses can be cancelled, and this one was not started in the background.',
    });
  };

  const listItems: RequestHandler = async (request, response) => {
    const { limit, order, after } = readQuery(itemsQuery, request);
    const { input } = await found(request, response);
    const ordered = order === 'asc' ? input : input.toReversed();
    const at = after === undefined ? 0 : ordered.findIndex(({ id }) => id === after) + 1;
    const data = ordered.slice(at, at + limit);
    response.json({
      object: 'list',
      data,
      first_id: data[0]?.['id'] ?? null,
      last_id: data.at(-1)?.['id'] ?? null,
      has_more: at + limit < ordered.length,
    });
  };

  router.route('/responses').get(refuseUpgrade);
  router
    .route('/responses/input_tokens')
    .post(...asClient, readFreeJson, countInput)
    .all(methodNotAllowed('POST'));
  router
    .route('/responses/:id')
    .get(...asClient, show)
    .delete(...asClient, remove)
    .all(methodNotAllowed('GET', 'DELETE'));
  router
    .route('/responses/:id/cancel')
    .post(...asClient, cancel)
    .all(methodNotAllowed('POST'));
  router
    .route('/responses/:id/input_items')
    .get(...asClient, listItems)
    .all(methodNotAllowed('GET'));
  return router;
}

/** Clients that try a WebSocket first fall back to HTTP at once after a 426; after a 404 some of them try for 12 s. */
const refuseUpgrade: RequestHandler = (request, response, next) => {
  if (request.get('upgrade') === undefined) return next();
  response.setHeader('connection', 'close');
  throw new GatewayError('websocket_not_supported');
};

/** `POST /v1/responses/input_tokens`: an estimate. No upstream is asked. */
const countInput: RequestHandler = (request, response) => {
  const { value } = takeJson(request);
  const asked = parseResponsesRequest(typeof value === 'object' && value !== null ? { model: 'any', ...value } : value);
  const { chat } = responsesToChat(asked);
  // A large body that is not stored counts as refused.
  bodyStored(response);
  const counted = { messages: chat.messages, tools: itemsOf(chat.tools) };
  response.json({ object: 'response.input_tokens', input_tokens: estimatePrompt('chat', counted as never) });
};

const notFound = (id: string): GatewayError =>
  new GatewayError('response_not_found', { message: `Response with id '${id.slice(0, 80)}' not found.` });
