import type { UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, ChatBody } from '../adapter.ts';
import { toCall } from './calls.ts';
import { toCozeMessages } from './messages.ts';

/** Fields of Coze's own that clients may send as they are: values for the bot's prompt, and the input of a chat flow. */
export const ownFields = ['custom_variables', 'parameters'] as const;

/**
 * Starts a chat in a conversation of its own. One that streams leaves nothing behind; what is asked for later has to be
 * kept.
 *
 * @param userId who asks, where the request does not say
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

/** `bot-{id}` is how clients name a bot; its id is a number of 19 digits. */
const toBotId = (model: string): string => model.replace(/^bot-/, '');

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
