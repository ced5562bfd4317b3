import type { ChatBody, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { toCall } from './calls.ts';
import { toCozeMessages } from './messages.ts';

/** Coze's own fields that clients may send unchanged: values for the bot's prompt, and the input of a chat flow. */
export const ownFields = ['custom_variables', 'parameters'] as const;

/**
 * Starts a chat in a new conversation. A streamed chat is not stored; a polled one must be.
 *
 * @param userId user id if the request has none
 */
export function toChat(
  body: ChatBody,
  plan: CallPlan,
  { stream, userId }: { readonly stream: boolean; readonly userId: string },
): UpstreamRequest {
  const { metadata } = body;
  return toCall(plan, {
    method: 'POST',
    path: '',
    stream,
    body: {
      bot_id: toBotId(plan.model),
      user_id: [body['safety_identifier'], body['user']].find(isName) ?? userId,
      stream,
      auto_save_history: !stream,
      additional_messages: toCozeMessages(body),
      ...(metadata == null ? {} : { meta_data: metadata }),
      ...Object.fromEntries(ownFields.flatMap((name) => (body[name] == null ? [] : [[name, body[name]]]))),
    },
  });
}

/** Returns the bot's id, a number of 19 digits. Clients write `bot-{id}`. */
const toBotId = (model: string): string => model.replace(/^bot-/, '');

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
