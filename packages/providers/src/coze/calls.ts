import { type UpstreamRequest, writeLossless } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';

/** Ids of a chat: one question and its answer, in a conversation. */
export interface ChatIds {
  readonly conversationId: string;
  readonly chatId: string;
}

/** Builds the part common to all calls to Coze. */
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

/** Asks for the state of a chat. The cloud's SDKs use POST; the Studio supports only GET. */
export const toRetrieve = (plan: CallPlan, ids: ChatIds, method: 'GET' | 'POST'): UpstreamRequest =>
  toCall(plan, { method, path: `/retrieve?${toQuery(ids)}` });

/** Asks for the messages of a completed chat. */
export const toMessageList = (plan: CallPlan, ids: ChatIds): UpstreamRequest =>
  toCall(plan, { method: 'GET', path: `/message/list?${toQuery(ids)}` });

/** Stops a chat. Closing its stream is not enough: the bot would continue, and be billed. */
export const toCancel = (plan: CallPlan, { conversationId, chatId }: ChatIds): UpstreamRequest =>
  toCall(plan, { method: 'POST', path: '/cancel', body: { conversation_id: conversationId, chat_id: chatId } });

const toQuery = ({ conversationId, chatId }: ChatIds): string =>
  new URLSearchParams({ conversation_id: conversationId, chat_id: chatId }).toString();
