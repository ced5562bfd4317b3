import { chatMessageSchema } from '@sluice/protocol';
import { z } from 'zod';
import type { AnswerDescription, NamedSchema, RouteDescription } from '../documents/route-description.ts';
import { addBody, createBody, updateBody } from './conversation-body.ts';

const conversation: NamedSchema = {
  name: 'Conversation',
  schema: z.object({
    id: z.string(),
    object: z.literal('conversation'),
    created_at: z.number().int().describe('Seconds since 1970.'),
    metadata: z.record(z.string(), z.unknown()),
    conversation_id: z.string(),
    user_id: z.string().nullable(),
    title: z.string().nullable(),
    updated_at: z.number().int().describe('Seconds since 1970.'),
    message_count: z.number().int().nonnegative(),
    messages: z.array(chatMessageSchema).optional().describe('Without `/v1` in the path only.'),
  }),
};

const item: NamedSchema = { name: 'ConversationItem', schema: z.looseObject({ id: z.string(), type: z.string() }) };

const itemList: NamedSchema = {
  name: 'ConversationItemList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(item.schema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  }),
};

const conversationList: NamedSchema = {
  name: 'ConversationList',
  schema: z.object({
    object: z.literal('list'),
    data: z.array(conversation.schema),
    page: z.number().int(),
    page_size: z.number().int(),
    total: z.number().int(),
    has_more: z.boolean(),
  }),
};

const deleted: NamedSchema = {
  name: 'ConversationDeleted',
  schema: z.object({ id: z.string(), object: z.literal('conversation.deleted'), deleted: z.boolean() }),
};

const inPath = (name: string, description: string) => ({ name, in: 'path', description, schema: z.string() }) as const;
const inQuery = (name: string, description: string, schema: z.ZodType) =>
  ({ name, in: 'query', description, schema }) as const;
const id = inPath('id', 'Id of the conversation.');
const itemId = inPath('item_id', 'Id of the item.');
const ok = (description: string, json: NamedSchema): { readonly 200: AnswerDescription } => ({
  200: { description, json },
});

const common = { tag: 'conversations', access: 'client' } as const;
const always = ['invalid_api_key', 'rate_limit_exceeded', 'records_unavailable'] as const;
const errors = [...always, 'conversation_not_found'] as const;

/** Conversations: OpenAI's, and unified-proxy's. */
export const conversationDescriptions: readonly RouteDescription[] = [
  {
    ...common,
    method: 'post',
    path: '/v1/conversations',
    id: 'createConversation',
    summary: 'Begins a conversation',
    body: { json: { name: 'CreateConversation', schema: createBody } },
    answers: ok('The conversation.', conversation),
    errors: [...always, 'invalid_value'],
  },
  {
    ...common,
    method: 'get',
    path: '/v1/conversations/user/{user_id}',
    id: 'listConversations',
    summary: "Lists a person's conversations, the one that changed last first",
    parameters: [
      inPath('user_id', 'Person whom the client named.'),
      inQuery('page', 'Number of the page, from 1.', z.number().int().min(1)),
      inQuery('page_size', 'Conversations of a page; default 20.', z.number().int().min(1).max(100)),
    ],
    answers: ok('A page.', conversationList),
    errors: [...always, 'invalid_value'],
  },
  {
    ...common,
    method: 'get',
    path: '/v1/conversations/{id}',
    id: 'getConversation',
    summary: 'Shows a conversation',
    description: 'Without `/v1` in the path it shows the messages as well.',
    parameters: [id],
    answers: ok('The conversation.', conversation),
    errors,
  },
  {
    ...common,
    method: 'post',
    path: '/v1/conversations/{id}',
    id: 'updateConversation',
    summary: 'Replaces metadata or title',
    parameters: [id],
    body: { json: { name: 'UpdateConversation', schema: updateBody } },
    answers: ok('The conversation.', conversation),
    errors: [...errors, 'invalid_value'],
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/conversations/{id}',
    id: 'deleteConversation',
    summary: 'Deletes a conversation with its items',
    parameters: [id],
    answers: ok('It is deleted.', deleted),
    errors,
  },
  {
    ...common,
    method: 'get',
    path: '/v1/conversations/{id}/items',
    id: 'listConversationItems',
    summary: 'Lists the items of a conversation',
    parameters: [
      id,
      inQuery('limit', 'Items of a page; default 20.', z.number().int().min(1).max(100)),
      inQuery('order', 'Default `desc`: newest first.', z.enum(['asc', 'desc'])),
      inQuery('after', 'Id of the last item of the page before.', z.string()),
    ],
    answers: ok('A page.', itemList),
    errors: [...errors, 'invalid_value'],
  },
  {
    ...common,
    method: 'post',
    path: '/v1/conversations/{id}/items',
    id: 'addConversationItems',
    summary: 'Adds up to 20 items',
    parameters: [id],
    body: { json: { name: 'AddConversationItems', schema: addBody } },
    answers: ok('The added items.', itemList),
    errors: [...errors, 'invalid_value', 'array_above_max_length'],
  },
  {
    ...common,
    method: 'get',
    path: '/v1/conversations/{id}/items/{item_id}',
    id: 'getConversationItem',
    summary: 'Shows an item',
    parameters: [id, itemId],
    answers: ok('The item.', item),
    errors,
  },
  {
    ...common,
    method: 'delete',
    path: '/v1/conversations/{id}/items/{item_id}',
    id: 'deleteConversationItem',
    summary: 'Deletes an item',
    parameters: [id, itemId],
    answers: ok('The conversation.', conversation),
    errors,
  },
];
