import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { GatewayError, isObject, type JsonObject, parseLossless, writeLossless } from '@sluice/protocol';
import type { ConversationItem } from '@sluice/store';
import type { RequestHandler } from 'express';
import { principalOf, setContinuation } from '../context.ts';
import type { Reply } from '../inference/reply/reply.ts';
import { type JsonBody, putJson, takeJson, toJson, usualShape } from '../middleware/read-json.ts';
import type { RecordsStore } from '../records/records-store.ts';
import { bounds, full, keyFull } from './bounds.ts';
import { messageOf } from './collect-answer.ts';
import { isInstruction, toItems, toMessages } from './items.ts';

export interface ContinueNeeds {
  readonly records: RecordsStore;
  /** Called when a question and its answer could not be stored. */
  readonly onLost: (error: unknown) => void;
}

const tries = 3;
const retryDelayMs = 1000;

/**
 * Puts the stored messages of the conversation that a chat request names before the request's own; its instructions stay in
 * front. Requests that name none pass at once.
 */
export function continueConversation(needs: ContinueNeeds): RequestHandler {
  const { records } = needs;
  /** Turns that are being stored: the next turn of this process waits for them. */
  const storing = new Map<string, Promise<void>>();

  async function load(keyId: string, id: string): Promise<readonly ConversationItem[]> {
    await storing.get(id);
    return records.use(async (db, api) => {
      const conversation = await api.findConversation(db, { id, keyId });
      if (conversation === undefined) throw notFound(id);
      const { itemCount, itemBytes } = conversation;
      if (itemCount >= bounds.mostItems || itemBytes >= bounds.mostBytes) throw full();
      if ((await api.heldBy(db, keyId)).bytes >= bounds.mostKeyBytes) throw keyFull();
      return (await api.listItems(db, { id, keyId, limit: bounds.mostItems, order: 'asc' })).items;
    });
  }

  function store(keyId: string, id: string, coming: Promise<readonly ConversationItem[]>): void {
    const stored = coming.then((items) => append(records, { keyId, id, items })).catch(needs.onLost);
    const turn = Promise.all([storing.get(id), stored]).then(() => {
      if (storing.get(id) === turn) storing.delete(id);
    });
    storing.set(id, turn);
  }

  return async (request, response, next) => {
    const body = takeJson(request);
    putJson(request, body);
    const id = nameOf(body.value);
    if (id === undefined) return next();
    const { keyId } = principalOf(response);
    const stored = await load(keyId, id);
    const { continued, question } = continueBody(body, toMessages(stored));
    putJson(request, continued);
    setContinuation(response, {
      keep: (reply, stream) =>
        keepAnswer(reply, stream, (answer) =>
          store(
            keyId,
            id,
            answer.then((items) => [...question, ...items]),
          ),
        ),
    });
    next();
  };
}

const notFound = (id: string): GatewayError =>
  new GatewayError('conversation_not_found', {
    message: `There is no conversation '${id.slice(0, 64)}'.`,
    param: 'conversation',
  });

/** Returns the conversation that a body names, in OpenAI's form or as `conversation_id`. */
function nameOf(value: unknown): string | undefined {
  if (!isObject(value)) return undefined;
  const named = value['conversation'] ?? value['conversation_id'];
  if (named === undefined || named === null) return undefined;
  const id = isObject(named) ? named['id'] : named;
  if (typeof id === 'string' && id !== '') return id;
  throw new GatewayError('invalid_type', {
    message: "Invalid type for 'conversation': expected the id of a conversation, or an object with it.",
    param: 'conversation',
  });
}

interface Continued {
  readonly continued: JsonBody;
  /** Items of the request's own messages. */
  readonly question: readonly ConversationItem[];
}

function continueBody({ bytes }: JsonBody, stored: readonly JsonObject[]): Continued {
  const parsed = parseLossless(bytes.toString('utf8'));
  const { conversation: _named, conversation_id: _id, ...rest } = isObject(parsed) ? parsed : {};
  const own: readonly unknown[] = Array.isArray(rest['messages']) ? rest['messages'] : [];
  const firstTurn = own.findIndex((message) => !isInstruction(message));
  const at = firstTurn === -1 ? own.length : firstTurn;
  const messages = [...own.slice(0, at), ...stored, ...own.slice(at)];
  const text = writeLossless({ ...rest, messages });
  // Many small items may have more elements together than one body may have.
  return {
    continued: toJson(Buffer.from(text), usualShape),
    question: own.filter((message) => !isInstruction(message)).flatMap(toItems),
  };
}

/** Longest text of an answer that is read; events are several times as long as what they hold. */
const longestAnswer = 4 * bounds.mostBytes;

/** @param store called at the end with the items of the answer; without them if it is longer than a conversation may be */
function keepAnswer(
  reply: Reply,
  stream: boolean,
  store: (answer: Promise<readonly ConversationItem[]>) => void,
): Reply {
  let pieces: string[] = [];
  let length = 0;

  function read(): readonly ConversationItem[] {
    const message = length > longestAnswer ? undefined : messageOf(pieces.join(''), stream);
    pieces = [];
    return message === undefined ? [] : toItems({ ...message, role: 'assistant' });
  }

  return {
    ...reply,
    onData(text) {
      length += text.length;
      if (length <= longestAnswer) pieces.push(text);
      reply.onData(text);
    },
    onEnd() {
      reply.onEnd();
      // The client gets its answer before this process begins to parse it.
      store(nextTurn().then(read));
    },
  };
}

interface Turn {
  readonly keyId: string;
  readonly id: string;
  readonly items: readonly ConversationItem[];
}

async function append(records: RecordsStore, turn: Turn): Promise<void> {
  for (let left = tries - 1; ; left--) {
    try {
      const outcome = await records.use((db, { appendItems }) => appendItems(db, { ...turn, ...bounds }));
      if (outcome === 'full') throw full();
      if (outcome === 'key_full') throw keyFull();
      return;
    } catch (error) {
      const mayRetry = error instanceof GatewayError && error.code === 'records_unavailable';
      if (!mayRetry || left === 0) throw error;
      await delay(retryDelayMs);
    }
  }
}
