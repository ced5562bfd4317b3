import type { ChatBody, UpstreamEvent } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parsePlainText } from '../plain-text.ts';
import { type ChatIds, toCancel } from './calls.ts';
import { isError, toChatFailure, toInnerFailure } from './failure.ts';
import { createMessagePieces } from './pieces.ts';
import { toOpenAiUsage } from './usage.ts';
import { chatSchema, errorSchema, messageSchema, type WireChat, type WireMessage } from './wire.ts';

const chatEvent = 'conversation.chat.';
const pieceEvent = 'conversation.message.delta';
const wholeMessageEvent = 'conversation.message.completed';

/**
 * Translates Coze's stream. Only messages of type `answer` form the answer; each arrives in pieces and once more as a
 * whole.
 */
export function translateStream(body: ChatBody, plan: CallPlan): StreamTranslator {
  let ids: ChatIds | undefined;
  let isOver = false;
  let hasFailed = false;
  const pieces = createMessagePieces();

  function end(answer: AnswerDraft): void {
    isOver = true;
    // The Studio gives the reason only in a separate event, which did not arrive.
    if (hasFailed) answer.fail(toInnerFailure({}));
    else answer.complete();
  }

  function note(answer: AnswerDraft, found: { chatId: unknown; conversationId: unknown; created?: unknown }): void {
    const { chatId, conversationId, created } = found;
    if (ids !== undefined || typeof chatId !== 'string' || typeof conversationId !== 'string') return;
    ids = { chatId, conversationId };
    answer.identify({ id: `chatcmpl-${chatId}`, ...(typeof created === 'number' ? { created } : {}) });
  }

  function onChat(chat: WireChat, answer: AnswerDraft): void {
    note(answer, { chatId: chat.id, conversationId: chat.conversation_id, created: chat.created_at });
    if (chat.status === 'failed' && !isError(chat.last_error ?? {})) {
      hasFailed = true;
      return;
    }
    const failure = toChatFailure(chat);
    if (failure !== undefined) {
      isOver = true;
      answer.fail(failure);
    }
    if (chat.status !== 'completed') return answer.heartbeat();
    if (chat.usage != null) answer.usage(toOpenAiUsage(chat.usage));
    if (!pieces.hasText) answer.delta({ content: '' });
    answer.finish('stop');
    // Later events contain only audio and the end mark.
    end(answer);
  }

  function onMessage(message: WireMessage, isWhole: boolean, answer: AnswerDraft): void {
    note(answer, { chatId: message.chat_id, conversationId: message.conversation_id });
    if (message.type !== 'answer') return answer.heartbeat();
    if (isWhole) pieces.takeWhole(message, answer.delta);
    else pieces.takePiece(message, answer.delta);
  }

  function onError(data: string, answer: AnswerDraft): void {
    isOver = true;
    answer.fail(toInnerFailure(parsePlainText(errorSchema, data) ?? {}));
  }

  function onEvent({ event = '', data }: UpstreamEvent, answer: AnswerDraft): void {
    if (event === 'done' || event === 'conversation.stream.done') return end(answer);
    if (event === 'error') return onError(data, answer);
    if (event === '') {
      const bare = parsePlainText(errorSchema, data);
      if (bare === undefined) return failUnread(answer);
      if (isError(bare)) return onError(data, answer);
    }
    if (event.startsWith(chatEvent)) {
      const chat = parsePlainText(chatSchema, data);
      return chat === undefined
        ? failUnread(answer)
        : onChat({ ...chat, status: event.slice(chatEvent.length) }, answer);
    }
    const isWhole = event === wholeMessageEvent;
    if (!isWhole && event !== pieceEvent) return answer.heartbeat();
    const message = parsePlainText(messageSchema, data);
    if (message === undefined) failUnread(answer);
    else onMessage(message, isWhole, answer);
  }

  return createStreamTranslator(body, plan, {
    countsReasoningAsOutput: true,
    onEvent,
    onEnd: end,
    toCancel: () => (ids === undefined || isOver ? undefined : toCancel(plan, ids)),
  });
}

function failUnread(answer: AnswerDraft): void {
  answer.fail({ kind: 'malformed', message: 'The provider sent an event that is not JSON.' });
}
