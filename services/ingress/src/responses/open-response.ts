import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError, isObject, itemsOf, type JsonObject, parseLossless, writeLossless } from '@sluice/protocol';
import type { StoredResponse } from '@sluice/store';
import type { RequestHandler } from 'express';
import { principalOf, setResponseTurn } from '../context.ts';
import { bounds as conversationBounds } from '../conversations/bounds.ts';
import { putJson, takeJson, toJson, usualShape } from '../middleware/read-json.ts';
import type { RecordsStore } from '../records/records-store.ts';
import type { ResponseRecords } from './response-records.ts';

export interface OpenResponseNeeds {
  readonly responses: ResponseRecords;
  readonly records: RecordsStore;
  /** Called when the items of a conversation could not be stored. */
  readonly onLost: (error: unknown) => void;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

/** Longest chain of responses that one request continues. */
const mostTurns = 500;
const mostBytes = 4 * 1024 * 1024;
/** Longest time, in ms, that the end of an answer waits until it is stored: a failing store costs clients no answer. */
const mostStoringMs = 1000;

/**
 * Puts the items of the response or conversation that a request continues before its own, and gives the new response its id.
 */
export function openResponse({ responses, records, onLost, clock }: OpenResponseNeeds): RequestHandler {
  /** Returns the items of a response and of all before it, in their order. */
  async function chainOf(id: string, keyId: string): Promise<readonly JsonObject[]> {
    const turns: (readonly JsonObject[])[] = [];
    let bytes = 0;
    for (let next: string | undefined = id; next !== undefined;) {
      const found: StoredResponse | undefined = await responses.find({ id: next, keyId });
      if (found === undefined) throw previousNotFound(next);
      const turn = [...found.input, ...itemsOf(found.response['output']).filter(isObject)];
      bytes += Buffer.byteLength(JSON.stringify(turn));
      turns.push(turn);
      if (turns.length > mostTurns || bytes > mostBytes) throw tooLong();
      next = found.previousId;
    }
    return turns.toReversed().flat();
  }

  const itemsOfConversation = (id: string, keyId: string): Promise<readonly JsonObject[]> =>
    records.use(async (db, api) => {
      if ((await api.findConversation(db, { id, keyId })) === undefined) throw conversationNotFound(id);
      return (await api.listItems(db, { id, keyId, limit: conversationBounds.mostItems, order: 'asc' })).items;
    });

  function addToConversation(id: string, keyId: string, items: readonly JsonObject[]): Promise<unknown> {
    const named = items.map((item) => ({ ...item, id: typeof item['id'] === 'string' ? item['id'] : newId('item') }));
    const place = { id, keyId, items: named, ...conversationBounds };
    return records.use((db, { appendItems }) => appendItems(db, place)).catch(onLost);
  }

  return async (request, response, next) => {
    const body = takeJson(request);
    const { keyId } = principalOf(response);
    const value = isObject(body.value) ? body.value : {};
    const previousId = textOf(value['previous_response_id']);
    const conversation = conversationOf(value['conversation']);
    if (previousId !== undefined && conversation !== undefined) throw bothNamed();
    const own = inputOf(value['input']);
    const before =
      previousId !== undefined
        ? await chainOf(previousId, keyId)
        : conversation !== undefined
          ? await itemsOfConversation(conversation, keyId)
          : [];
    putJson(request, before.length === 0 ? body : withItems(body.bytes, before));
    const identity = { id: newId('resp'), createdAt: Math.floor(clock() / 1000) };
    const storing: Promise<unknown>[] = [];
    setResponseTurn(response, {
      identity,
      keep(made) {
        if (value['store'] !== false) {
          storing.push(responses.save({ id: identity.id, keyId, previousId, input: own, response: made }));
        }
        const isWhole = made['status'] === 'completed' || made['status'] === 'incomplete';
        if (conversation !== undefined && isWhole) {
          storing.push(addToConversation(conversation, keyId, [...own, ...itemsOf(made['output']).filter(isObject)]));
        }
      },
      async settled() {
        await Promise.race([Promise.all(storing), delay(mostStoringMs, undefined, { ref: false })]);
      },
    });
    next();
  };
}

const newId = (prefix: string): string => `${prefix}_${randomBytes(24).toString('hex')}`;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const conversationOf = (value: unknown): string | undefined => textOf(isObject(value) ? value['id'] : value);

/** The items of a request's own input. An id is added where the client gave none: each item can be named later. */
function inputOf(input: unknown): readonly JsonObject[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : itemsOf(input).filter(isObject);
  return items.map((item) => {
    const { type = 'message', id, content } = item;
    const isText = typeof content === 'string';
    const kind = item['role'] === 'assistant' ? 'output_text' : 'input_text';
    return {
      ...item,
      type,
      id: typeof id === 'string' ? id : newId(type === 'message' ? 'msg' : 'item'),
      ...(isText ? { content: [{ type: kind, text: content }] } : {}),
    };
  });
}

/** Digits of the request's own numbers stay as they are. */
function withItems(bytes: Buffer, before: readonly JsonObject[]): ReturnType<typeof toJson> {
  const parsed = parseLossless(bytes.toString('utf8'));
  const body = isObject(parsed) ? parsed : {};
  const own = typeof body['input'] === 'string' ? [{ role: 'user', content: body['input'] }] : itemsOf(body['input']);
  return toJson(Buffer.from(writeLossless({ ...body, input: [...before, ...own] })), usualShape);
}

const previousNotFound = (id: string): GatewayError =>
  new GatewayError('previous_response_not_found', {
    param: 'previous_response_id',
    message: `Previous response with id '${id.slice(0, 80)}' not found.`,
  });

const conversationNotFound = (id: string): GatewayError =>
  new GatewayError('conversation_not_found', {
    param: 'conversation',
    message: `There is no conversation '${id.slice(0, 64)}'.`,
  });

const tooLong = (): GatewayError =>
  new GatewayError('context_length_exceeded', {
    param: 'previous_response_id',
    message: `The responses before this one are more than ${mostTurns}, or have more than ${mostBytes} bytes.`,
  });

const bothNamed = (): GatewayError =>
  new GatewayError('invalid_value', {
    param: 'previous_response_id',
    message: "A request names either 'previous_response_id' or 'conversation', not both.",
  });
