import { hashConversation } from '../faults/conversations.ts';
import { noClasses, noTokens } from '../bill/tokens.ts';
import { billedOf, chatAnswerOf } from '../openai/chat-answer.ts';
import type { Endpoint, Failure, Provider, Question, WholeAnswer } from '../server/provider.ts';
import { chatQuestion } from '../server/questions.ts';
import { readCozeRequest } from './chat-request.ts';
import { type Chat, chatFields, createChats, isRunning, statusOf, wholeMessages } from './chats.ts';
import { envelope, failure, failureOf, notFound } from './errors.ts';
import { toEventStream } from './events.ts';

/** Coze's v3 chat, in the cloud and in a Studio, with the stored chats for later requests. */
export function createCoze(): Provider {
  const chats = createChats();

  const start: Endpoint = {
    read(body) {
      const request = readCozeRequest(body);
      if (request.kind === 'failure') return request;
      return chatQuestion(
        request.chat,
        (behaviour) => {
          const chat = chats.open(request, chatAnswerOf(request.chat, behaviour));
          return request.chat.stream ? toEventStream(chat) : whole(chatFields(chat, 'in_progress'));
        },
        noClasses,
      );
    },
  };

  const retrieve: Endpoint = {
    read: (_body, { query }) => about(query, (chat) => whole(chatFields(chat, statusOf(chat)))),
  };

  const retrieveByPost: Endpoint = {
    // A Studio supports only GET.
    read: (_body, { query }) =>
      about(query, (chat) => (chat.request.traits.has('studio') ? noPage : whole(chatFields(chat, statusOf(chat))))),
  };

  const list: Endpoint = {
    read: (_body, { query }) =>
      about(query, (chat) => {
        if (!chat.request.isKept) return notFound('The messages of this chat were not kept');
        const { tokens } = chat.answer.content;
        if (statusOf(chat) !== 'completed') return { ...whole([]), tokens, isFree: true };
        const isFree = chat.isBilled;
        chat.isBilled = true;
        return {
          ...whole(wholeMessages(chat)),
          tokens,
          billed: billedOf(chat.answer, tokens),
          tellsUsage: true,
          isFree,
        };
      }),
  };

  const cancel: Endpoint = {
    read: (body) =>
      about(new URLSearchParams(fieldsOf(body)), (chat) => {
        if (!isRunning(statusOf(chat)) && !chat.request.chat.stream) return failure(400, 4104, 'The chat is over');
        chat.isCanceled = true;
        return whole(chatFields(chat, statusOf(chat)));
      }),
  };

  function about(query: URLSearchParams, answer: (chat: Chat) => WholeAnswer | Failure): Question {
    const [conversationId, chatId] = [query.get('conversation_id'), query.get('chat_id')];
    return {
      kind: 'question',
      model: '',
      stream: false,
      directives: [],
      conversation: hashConversation(`coze\n${chatId}`),
      // The call that began the chat has paid for its prompt.
      bill: { classes: noClasses, rid: chats.find(conversationId, chatId)?.request.chat.rid, prompt: () => noTokens },
      answer() {
        const chat = chats.find(conversationId, chatId);
        return chat === undefined ? notFound('Requested resource chat does not exist') : answer(chat);
      },
    };
  }

  const endpoints: Readonly<Record<string, Endpoint>> = {
    'POST /v3/chat': start,
    'GET /v3/chat/retrieve': retrieve,
    'POST /v3/chat/retrieve': retrieveByPost,
    'GET /v3/chat/message/list': list,
    'POST /v3/chat/cancel': cancel,
  };
  return { endpoint: (method, path) => endpoints[`${method} ${path}`], failure: failureOf };
}

const noPage: Failure = { kind: 'failure', status: 405, body: '405 method not allowed' };

const whole = (data: unknown): WholeAnswer => ({
  kind: 'whole',
  body: envelope(0, '', data),
  tokens: 0,
  steps: 0,
  tellsUsage: false,
});

/** Returns the texts of a JSON object; empty if the body is not an object. */
function fieldsOf(body: string): Record<string, string> {
  try {
    const value = JSON.parse(body) as Readonly<Record<string, unknown>>;
    return Object.fromEntries(
      Object.entries(value).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
    );
  } catch {
    return {};
  }
}
