import { type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';

/** Names a chat: one question and its answer, in a conversation. */
export interface ChatIds {
  readonly conversationId: string;
  readonly chatId: string;
}

/** Builds the part that all calls to Coze have in common. */
export function toCall(
  { baseUrl, apiKey }: CallPlan,
  call: Pick<UpstreamRequest, 'method'> & { readonly path: string; readonly body?: object; readonly stream?: boolean },
): UpstreamRequest {
  const { method, path, body, stream = false } = call;
  return {
    method,
    url: `${baseUrl}/v3/chat${path}`,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      accept: stream ? 'text/event-stream' : 'application/json',
      'accept-encoding': 'identity',
      'user-agent': 'sluice',
      ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
    },
    body: body === undefined ? undefined : writeLossless(body),
  };
}

/** Asks how a chat stands. The cloud's SDKs post; the Studio knows GET alone. */
export const toRetrieve = (plan: CallPlan, ids: ChatIds, method: 'GET' | 'POST'): UpstreamRequest =>
  toCall(plan, { method, path: `/retrieve?${toQuery(ids)}` });

/** Asks for the messages of a chat that is over. */
export const toMessageList = (plan: CallPlan, ids: ChatIds): UpstreamRequest =>
  toCall(plan, { method: 'GET', path: `/message/list?${toQuery(ids)}` });

/** Stops a chat. Closing its stream does not: the bot would go on, and be paid. */
export const toCancel = (plan: CallPlan, { conversationId, chatId }: ChatIds): UpstreamRequest =>
  toCall(plan, { method: 'POST', path: '/cancel', body: { conversation_id: conversationId, chat_id: chatId } });

const toQuery = ({ conversationId, chatId }: ChatIds): string =>
  new URLSearchParams({ conversation_id: conversationId, chat_id: chatId }).toString();
