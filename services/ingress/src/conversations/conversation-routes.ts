import { GatewayError } from '@sluice/protocol';
import type { Conversation, ConversationItem } from '@sluice/store';
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { countParameter, readQuery, textParameter } from '../admin/read-query.ts';
import { principalOf } from '../context.ts';
import { methodNotAllowed } from '../routes/not-found.ts';
import type { RecordsStore } from '../records/records-store.ts';
import { bounds, keyFull } from './bounds.ts';
import { addBody, createBody, readBodyAs, updateBody } from './conversation-body.ts';
import { newConversationId, toItems, toMessages, toStoredItem } from './items.ts';

export interface ConversationNeeds {
  readonly records: RecordsStore;
  /** Identifies the client. */
  readonly asClient: readonly RequestHandler[];
  readonly readJson: RequestHandler;
}

/**
 * Conversations in OpenAI's form, with the fields of unified-proxy beside them. A conversation belongs to the key that created
 * it; for every other key it does not exist.
 */
export function conversationRoutes({ records, asClient, readJson }: ConversationNeeds): Router {
  const router = Router();
  const pages = { ...conversationPages(records), ...itemPages(records) };
  const [read, write] = [[...asClient], [...asClient, readJson]];
  router.route('/conversations').post(write, pages.create).all(methodNotAllowed('POST'));
  router.route('/conversations/user/:user_id').get(read, pages.listOfUser).all(methodNotAllowed('GET'));
  router
    .route('/conversations/:id')
    .get(read, pages.show)
    .post(write, pages.update)
    .delete(read, pages.remove)
    .all(methodNotAllowed('GET', 'POST', 'DELETE'));
  router
    .route('/conversations/:id/items')
    .get(read, pages.listItems)
    .post(write, pages.addItems)
    .all(methodNotAllowed('GET', 'POST'));
  router
    .route('/conversations/:id/items/:item_id')
    .get(read, pages.showItem)
    .delete(read, pages.removeItem)
    .all(methodNotAllowed('GET', 'DELETE'));
  return router;
}

const itemsQuery = z.strictObject({
  limit: countParameter(100).default(20),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: textParameter.optional(),
  /** OpenAI's `include` asks for fields of hosted tools, which no item here has. */
  include: z.unknown().optional(),
  'include[]': z.unknown().optional(),
});

const userQuery = z.strictObject({
  page: countParameter(10_000).default(1),
  page_size: countParameter(100).default(20),
});

function conversationPages(records: RecordsStore) {
  return {
    create: async (request, response) => {
      const { keyId } = principalOf(response);
      const { metadata, items, messages, user_id, title } = readBodyAs(createBody, request);
      const id = newConversationId();
      const created = { id, keyId, metadata: metadata ?? {}, userId: user_id ?? undefined, title: title ?? undefined };
      const added = [...(items ?? []).map(toStoredItem), ...(messages ?? []).flatMap(toItems)];
      const conversation = await records.use(async (db, api) => {
        const made = await api.createConversation(db, created, bounds);
        if (made === undefined) throw keyFull();
        if (added.length === 0) return made;
        const outcome = await api.appendItems(db, { id, keyId, items: added, ...bounds });
        if (outcome !== 'added') await api.deleteConversation(db, { id, keyId });
        refuseUnadded(outcome, id);
        return (await api.findConversation(db, { id, keyId })) ?? made;
      });
      response.json(describe(conversation));
    },

    show: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const isOpenAi = request.baseUrl === '/v1';
      const { conversation, items } = await records.use(async (db, api) => ({
        conversation: await api.findConversation(db, place),
        items: isOpenAi ? [] : (await api.listItems(db, { ...place, limit: bounds.mostItems, order: 'asc' })).items,
      }));
      if (conversation === undefined) throw notFound(place.id);
      response.json({ ...describe(conversation), ...(isOpenAi ? {} : { messages: toMessages(items) }) });
    },

    update: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const change = readBodyAs(updateBody, request);
      const conversation = await records.use((db, api) => api.updateConversation(db, { ...place, ...change }));
      if (conversation === undefined) throw notFound(place.id);
      response.json(describe(conversation));
    },

    remove: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const isDeleted = await records.use((db, api) => api.deleteConversation(db, place));
      if (!isDeleted) throw notFound(place.id);
      response.json({ id: place.id, object: 'conversation.deleted', deleted: true });
    },

    listOfUser: async (request, response) => {
      const { keyId } = principalOf(response);
      const { page, page_size: limit } = readQuery(userQuery, request);
      const userId = String(request.params['user_id']);
      const { conversations, total } = await records.use((db, api) =>
        api.listConversations(db, { keyId, userId, limit, offset: (page - 1) * limit }),
      );
      const hasMore = page * limit < total;
      response.json({
        object: 'list',
        data: conversations.map(describe),
        page,
        page_size: limit,
        total,
        has_more: hasMore,
      });
    },
  } satisfies Record<string, RequestHandler>;
}

function itemPages(records: RecordsStore) {
  return {
    listItems: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const { limit, order, after } = readQuery(itemsQuery, request);
      const { items, hasMore } = await records.use(async (db, api) => {
        if ((await api.findConversation(db, place)) === undefined) throw notFound(place.id);
        return api.listItems(db, { ...place, limit, order, after });
      });
      response.json(toList(items, hasMore));
    },

    addItems: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const items = readBodyAs(addBody, request).items.map(toStoredItem);
      const outcome = await records.use((db, api) => api.appendItems(db, { ...place, items, ...bounds }));
      refuseUnadded(outcome, place.id);
      response.json(toList(items, false));
    },

    showItem: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const itemId = String(request.params['item_id']);
      const item = await records.use((db, api) => api.findItem(db, { ...place, itemId }));
      if (item === undefined) throw notFound(place.id, itemId);
      response.json(item);
    },

    removeItem: async (request, response) => {
      const place = { id: String(request.params['id']), keyId: principalOf(response).keyId };
      const itemId = String(request.params['item_id']);
      const conversation = await records.use(async (db, api) => {
        await api.deleteItem(db, { ...place, itemId });
        return api.findConversation(db, place);
      });
      if (conversation === undefined) throw notFound(place.id);
      response.json(describe(conversation));
    },
  } satisfies Record<string, RequestHandler>;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);

const describe = (conversation: Conversation): object => ({
  id: conversation.id,
  object: 'conversation',
  created_at: seconds(conversation.createdAt),
  metadata: conversation.metadata,
  conversation_id: conversation.id,
  user_id: conversation.userId ?? null,
  title: conversation.title ?? null,
  updated_at: seconds(conversation.updatedAt),
  message_count: conversation.itemCount,
});

const toList = (items: readonly ConversationItem[], hasMore: boolean): object => ({
  object: 'list',
  data: items,
  first_id: items[0]?.id ?? null,
  last_id: items.at(-1)?.id ?? null,
  has_more: hasMore,
});

const notFound = (id: string, itemId?: string): GatewayError =>
  new GatewayError('conversation_not_found', {
    message:
      itemId === undefined
        ? `There is no conversation '${id.slice(0, 64)}'.`
        : `There is no item '${itemId.slice(0, 64)}' in a conversation '${id.slice(0, 64)}'.`,
  });

function refuseUnadded(outcome: 'added' | 'full' | 'key_full' | 'missing', id: string): void {
  if (outcome === 'missing') throw notFound(id);
  if (outcome === 'key_full') throw keyFull();
  if (outcome === 'full') {
    throw new GatewayError('array_above_max_length', {
      message: `A conversation may have ${bounds.mostItems} items and ${bounds.mostBytes} bytes.`,
      param: 'items',
    });
  }
}
