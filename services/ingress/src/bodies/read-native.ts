import { isObject, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';

/** The parts of an event of another protocol than OpenAI's. */
export interface NativeParts {
  /** Members of the answer itself. */
  readonly rest: JsonObject;
  /** The list to which the event adds; undefined for none. */
  readonly list: 'content' | 'candidates' | undefined;
  /** Items with the same `index` are pieces of one. */
  readonly items: readonly JsonObject[];
}

/** Reads an event of Anthropic's or Gemini's protocol; other events have nothing but members of the answer. */
export function readNative(event: JsonObject): NativeParts {
  const { type, index, candidates } = event;
  switch (type) {
    case 'message_start':
      return alone(withoutContent(membersOf(event['message'])));
    case 'content_block_start':
      return { rest: {}, list: 'content', items: [{ ...membersOf(event['content_block']), index }] };
    case 'content_block_delta':
      return { rest: {}, list: 'content', items: [{ ...toPiece(membersOf(event['delta'])), index }] };
    case 'message_delta':
      return alone({ ...membersOf(event['delta']), ...(isObject(event['usage']) ? { usage: event['usage'] } : {}) });
    case 'content_block_stop':
    case 'message_stop':
    case 'ping':
      return alone({});
  }
  if (!Array.isArray(candidates)) return alone(event);
  const { candidates: _candidates, ...rest } = event;
  return { rest, list: 'candidates', items: itemsOf(candidates).map((item) => ({ index: 0, ...membersOf(item) })) };
}

const alone = (rest: JsonObject): NativeParts => ({ rest, list: undefined, items: [] });

const withoutContent = ({ content: _content, ...rest }: JsonObject): JsonObject => rest;

/** The arguments of a call are a text until they are complete. */
function toPiece({ type: _type, partial_json: json, ...delta }: JsonObject): JsonObject {
  return typeof json === 'string' ? { ...delta, input: json } : delta;
}
