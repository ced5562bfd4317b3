import { seedOf } from '../faults/conversations.ts';
import { type ChatAnswer, createdSeconds, reasoningText, usageOf } from '../openai/chat-answer.ts';
import type { CozeRequest } from './chat-request.ts';

/** Maximum number of stored chats; the oldest is removed first. */
const capacity = 10_000;

/** A stored chat. */
export interface Chat {
  readonly request: CozeRequest;
  readonly answer: ChatAnswer;
  readonly id: string;
  readonly conversationId: string;
  /** Time at which its answer will be complete, in ms of `performance.now()`. */
  readonly endsAt: number;
  isCanceled: boolean;
  /** True if a page with its answer was sent. */
  isBilled: boolean;
}

export interface Chats {
  open(request: CozeRequest, answer: ChatAnswer): Chat;
  find(conversationId: unknown, chatId: unknown): Chat | undefined;
}

/** @see Chat */
export function createChats(): Chats {
  const chats = new Map<string, Chat>();
  return {
    open(request, answer) {
      const { behaviour, content, reasoningTokens } = answer;
      const chat: Chat = {
        request,
        answer,
        id: idOf(request, 1),
        conversationId: idOf(request, 2),
        endsAt: performance.now() + behaviour.gapMs * (reasoningTokens + content.tokens),
        isCanceled: false,
        isBilled: false,
      };
      chats.delete(chat.id);
      chats.set(chat.id, chat);
      const [oldest] = chats.keys();
      if (chats.size > capacity && oldest !== undefined) chats.delete(oldest);
      return chat;
    },
    find(conversationId, chatId) {
      const chat = typeof chatId === 'string' ? chats.get(chatId) : undefined;
      return chat?.conversationId === conversationId ? chat : undefined;
    },
  };
}

/** Returns an id of nineteen digits, equal for equal requests; exceeds the integers that JavaScript holds exactly. */
function idOf({ chat }: CozeRequest, kind: number): string {
  return `738${kind}${seedOf(chat.conversation).toString().padStart(15, '0')}`;
}

/** Returns the current status of a chat, as the cloud or the Studio names it. */
export function statusOf({ request: { traits }, answer, endsAt, isCanceled }: Chat): string {
  if (isCanceled) return canceled(traits.has('studio'));
  return performance.now() < endsAt ? 'in_progress' : lastStatusOf(answer, traits);
}

/** Returns the final status of a chat that is not cancelled. */
export function lastStatusOf({ behaviour }: ChatAnswer, traits: CozeRequest['traits']): string {
  const isStudio = traits.has('studio');
  if (behaviour.fault?.name === 'errev') return 'failed';
  if (traits.has('action')) return isStudio ? 'required_action' : 'requires_action';
  return traits.has('canceled') ? canceled(isStudio) : 'completed';
}

export const isRunning = (status: string): boolean => status === 'in_progress' || /^requires?d?_action$/.test(status);

const canceled = (isStudio: boolean): string => (isStudio ? 'cancelled' : 'canceled');

/** Returns a chat as events and answers show it. */
export function chatFields({ request, answer, id, conversationId }: Chat, status: string): object {
  const isStudio = request.traits.has('studio');
  const {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: total,
  } = usageOf(answer, answer.content.tokens);
  const isOver = status === 'completed';
  const hasReason = status === 'failed' && !isStudio;
  return {
    id,
    conversation_id: conversationId,
    bot_id: request.botId,
    created_at: createdSeconds,
    ...(isOver ? { completed_at: createdSeconds } : {}),
    last_error: hasReason ? { code: 5000, msg: 'event interval error' } : { code: 0, msg: '' },
    status,
    ...(/^requires?d?_action$/.test(status) ? { required_action: action } : {}),
    usage: isOver
      ? { token_count: total, output_count: output, input_count: input }
      : { token_count: 0, output_count: 0, input_count: 0 },
    section_id: conversationId,
  };
}

const action = {
  type: 'submit_tool_outputs',
  submit_tool_outputs: {
    tool_calls: [{ id: 'BUJJF0dAQ0NAEBVeQkVKEV5H', type: 'function', function: { name: 'get', arguments: '{}' } }],
  },
};

interface MessageFields {
  /** Number of the message in the chat, from 1. */
  readonly number: number;
  readonly type: string;
  readonly [more: string]: unknown;
}

/** Returns a message of a chat. */
export function messageFields(chat: Chat, fields: MessageFields): object {
  const { number, type, ...rest } = fields;
  return {
    id: idOf(chat.request, 2 + number),
    conversation_id: chat.conversationId,
    bot_id: chat.request.botId,
    chat_id: chat.id,
    role: 'assistant',
    type,
    content_type: 'text',
    ...rest,
  };
}

/** Content of the message that marks the end of the bot's output; it is not part of the answer. */
const finishNote = JSON.stringify({
  msg_type: 'generate_answer_finish',
  data: '{"finish_reason":0,"FinData":""}',
  from_module: null,
});

/** Returns the messages after the pieces: the whole answers, and messages that are not answers. */
export function wholeMessages(chat: Chat): readonly object[] {
  const { answer, request } = chat;
  const { content, reasoningTokens } = answer;
  const reasoning = Array.from({ length: reasoningTokens }, (_, seq) => reasoningText(seq)).join('');
  const first = {
    content: content.message(0, content.tokens).content ?? '',
    ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
  };
  return [
    messageFields(chat, { number: 1, type: 'answer', ...first }),
    ...(request.traits.has('two')
      ? [messageFields(chat, { number: 2, type: 'answer', content: 'And another answer.' })]
      : []),
    messageFields(chat, { number: 3, type: 'verbose', content: finishNote }),
    messageFields(chat, { number: 4, type: 'follow_up', content: 'What else?' }),
  ];
}
