import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan } from '../adapter.ts';
import { parsePlainText } from '../plain-text.ts';
import type { Preparation, StepAnswer } from '../preparation.ts';
import { type ChatIds, toCancel, toRetrieve } from './calls.ts';
import { isError, toChatFailure, toFailure, toInnerFailure } from './failure.ts';
import { toChat } from './request.ts';
import { chatEnvelopeSchema, type WireChat } from './wire.ts';

/** Minimum interval between polls that Coze allows, in ms. */
const pollMs = 1000;
/** Maximum number of consecutive polls that may fail with a server error. */
const mostStumbles = 3;

/**
 * Starts a chat and polls its state until it is over. {@link ChatNotes} then identify its answer. A chat that is
 * abandoned is cancelled.
 */
export function* pollChat(body: ChatBody, plan: CallPlan, userId: string): Preparation {
  const started = readChat(yield { kind: 'call', request: toChat(body, plan, { stream: false, userId }) });
  if (started.kind === 'failed') return started;
  const ids = idsOf(started.chat);
  if (ids === undefined) return { kind: 'failed', failure: unreadable };
  let { chat } = started;
  let method: 'GET' | 'POST' = 'GET';
  let isOver = false;
  let stumbles = 0;
  try {
    while (chat.status !== 'completed') {
      const failure = toChatFailure(chat);
      if (failure !== undefined) {
        isOver = isEnded(chat);
        return { kind: 'failed', failure };
      }
      yield { kind: 'wait', ms: pollMs };
      let answer = yield { kind: 'call', request: toRetrieve(plan, ids, method) };
      if (method === 'GET' && isUnknownWay(answer)) {
        method = 'POST';
        answer = yield { kind: 'call', request: toRetrieve(plan, ids, method) };
      }
      const retrieved = readChat(answer);
      // The chat continues, and is billed, even if a poll fails.
      if (retrieved.kind === 'failed' && retrieved.failure.kind === 'server' && stumbles++ < mostStumbles) continue;
      if (retrieved.kind === 'failed') return retrieved;
      stumbles = 0;
      ({ chat } = retrieved);
    }
    isOver = true;
    return { kind: 'ready', notes: toNotes(ids, chat) };
  } finally {
    if (!isOver) yield { kind: 'tell', request: toCancel(plan, ids) };
  }
}

/** Facts about a completed chat, passed on as `CallPlan.notes`. */
export interface ChatNotes extends ChatIds {
  /** Coze's usage as JSON; empty if there is none. */
  readonly usage: string;
}

export function readNotes({ notes = {} }: CallPlan): ChatNotes {
  const { conversationId = '', chatId = '', usage = '' } = notes;
  return { conversationId, chatId, usage };
}

function toNotes(ids: ChatIds, { usage }: WireChat): Readonly<Record<keyof ChatNotes, string>> {
  return { ...ids, usage: usage == null ? '' : JSON.stringify(usage) };
}

type ReadChat =
  | { readonly kind: 'chat'; readonly chat: WireChat }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure };

const unreadable: UpstreamFailure = { kind: 'malformed', message: "The provider's answer contains no chat." };

function readChat({ head, text }: StepAnswer): ReadChat {
  if (head.status < 200 || head.status >= 300) return { kind: 'failed', failure: toFailure(head, text) };
  const envelope = parsePlainText(chatEnvelopeSchema, text);
  if (envelope !== undefined && isError(envelope)) return { kind: 'failed', failure: toInnerFailure(envelope) };
  const chat = envelope?.data;
  return chat == null ? { kind: 'failed', failure: unreadable } : { kind: 'chat', chat };
}

function idsOf({ id: chatId, conversation_id: conversationId }: WireChat): ChatIds | undefined {
  return chatId == null || conversationId == null ? undefined : { chatId, conversationId };
}

/** Returns whether a chat has ended. A chat that waits for its caller has not: it blocks its conversation. */
const isEnded = ({ status }: WireChat): boolean => status !== 'requires_action' && status !== 'required_action';

/**
 * Returns whether the server does not support the method. A missing chat is reported by a code; an unknown path by the
 * server in front.
 */
const isUnknownWay = ({ head, text }: StepAnswer): boolean =>
  (head.status === 404 || head.status === 405) && !isError(parsePlainText(chatEnvelopeSchema, text) ?? {});
