import { type ChatChunk, isObject, itemsOf, type JsonObject, membersOf } from '@sluice/protocol';

/** Reads the text and the end of an event in another protocol, as a chat chunk. Undefined if the event is not JSON. */
export type ReadEvent = (data: string) => ChatChunk | undefined;

type Delta = NonNullable<ChatChunk['choices'][number]['delta']>;

/** Reads an event of Anthropic's Messages API. */
export const readMessagesEvent: ReadEvent = (data) => {
  const event = parse(data);
  if (event === undefined) return undefined;
  switch (event['type']) {
    case 'message_start':
      return { id: textOf(membersOf(event['message'])['id']), choices: [] };
    case 'content_block_start': {
      const { type } = membersOf(event['content_block']);
      // Only a text and the reasoning before it can be resumed.
      return type === 'text' || type === 'thinking' || type === 'redacted_thinking'
        ? nothing
        : chunk({ foreign: type });
    }
    case 'content_block_delta': {
      const { text, thinking } = membersOf(event['delta']);
      if (typeof text === 'string') return chunk({ content: text });
      return typeof thinking === 'string' ? chunk({ reasoning_content: thinking }) : nothing;
    }
    case 'message_delta': {
      const { stop_reason: reason } = membersOf(event['delta']);
      return typeof reason === 'string' ? { choices: [{ finish_reason: reason }] } : nothing;
    }
    default:
      return nothing;
  }
};

/** Reads a response of Gemini's API. */
export const readGeminiEvent: ReadEvent = (data) => {
  const event = parse(data);
  if (event === undefined) return undefined;
  const candidates = itemsOf(event['candidates']).map(membersOf);
  return {
    choices: candidates.map(({ index, content, finishReason }) => ({
      index: typeof index === 'number' ? index : 0,
      delta: itemsOf(membersOf(content)['parts']).map(membersOf).reduce<Delta>(addPart, {}),
      ...(typeof finishReason === 'string' ? { finish_reason: finishReason } : {}),
    })),
  };
};

function addPart(delta: Delta, { text, thought, ...others }: JsonObject): Delta {
  const { thoughtSignature: _signature, ...foreign } = others;
  if (typeof text !== 'string') return Object.keys(foreign).length === 0 ? delta : { ...delta, foreign };
  if (thought === true) return { ...delta, reasoning_content: (delta.reasoning_content ?? '') + text };
  return { ...delta, content: (typeof delta.content === 'string' ? delta.content : '') + text };
}

const nothing: ChatChunk = { choices: [] };

const chunk = (delta: Delta): ChatChunk => ({ choices: [{ delta }] });

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function parse(data: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
