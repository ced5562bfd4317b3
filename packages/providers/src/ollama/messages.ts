import { isFilled, isObject, itemsOf, type JsonObject } from '@sluice/protocol';
import { parseClientObject } from '../client-json.ts';
import { isEmptyAnswer } from '../support/empty-answers.ts';

/** A message in Ollama's form. */
export interface OllamaMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly thinking?: string;
  /** Base64, without the prefix of a data URL. */
  readonly images?: readonly string[];
  readonly tool_calls?: readonly { readonly function: { readonly name: string; readonly arguments: JsonObject } }[];
  /** For a tool's result: name of the function. */
  readonly tool_name?: string;
}

/** Converts OpenAI's messages to Ollama's. Results carry the name of their function, because there are no ids. */
export function toMessages(messages: readonly unknown[]): readonly OllamaMessage[] {
  const takeName = createCalledNames();
  return messages
    .filter(isObject)
    .filter((message) => !isEmptyAnswer(message))
    .map((message) => toMessage(message, takeName(message)));
}

/**
 * Creates a function that returns the function name of a result. If calls share an id, their results come in the order
 * of the calls.
 */
function createCalledNames(): (message: JsonObject) => string | undefined {
  const waiting = new Map<unknown, string[]>();
  return (message) => {
    if (message['role'] === 'assistant') {
      const begun = new Set<unknown>();
      for (const { id, name } of callsOf(message)) {
        const before = begun.has(id) ? waiting.get(id) : undefined;
        if (before === undefined) waiting.set(id, [name]);
        else before.push(name);
        begun.add(id);
      }
    }
    const names = waiting.get(message['tool_call_id']);
    return names !== undefined && names.length > 1 ? names.shift() : names?.[0];
  };
}

function toMessage(message: JsonObject, calledName: string | undefined): OllamaMessage {
  const { role } = message;
  const content = textOf(message['content']);
  const images = imagesOf(message['content']);
  const imageField = images.length === 0 ? {} : { images };
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', content, ...imageField };
    case 'assistant': {
      const { reasoning_content: thinking, refusal } = message;
      const calls = callsOf(message).map(({ name, argumentsText }) => ({
        function: { name, arguments: parseClientObject(argumentsText) ?? {} },
      }));
      return {
        role,
        content: [content, refusal].filter(isFilled).join('\n'),
        ...imageField,
        ...(isFilled(thinking) ? { thinking } : {}),
        ...(calls.length === 0 ? {} : { tool_calls: calls }),
      };
    }
    case 'tool':
    case 'function': {
      const name = role === 'tool' ? calledName : message['name'];
      return { role: 'tool', content, ...imageField, ...(isFilled(name) ? { tool_name: name } : {}) };
    }
    default:
      return { role: 'user', content, ...imageField };
  }
}

interface Call {
  readonly id: unknown;
  readonly name: string;
  readonly argumentsText: string;
}

/** Returns the calls of a message, including the deprecated kind. */
export function callsOf({ tool_calls: calls, function_call: only }: JsonObject): readonly Call[] {
  const all = [...itemsOf(calls), ...(isObject(only) ? [{ function: only }] : [])];
  return all.flatMap((call) => {
    const called = isObject(call) ? call['function'] : undefined;
    if (!isObject(called) || !isFilled(called['name'])) return [];
    const { name, arguments: text } = called;
    return [{ id: isObject(call) ? call['id'] : undefined, name, argumentsText: isFilled(text) ? text : '{}' }];
  });
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const texts = content.map((part: unknown) => (isObject(part) ? (part['text'] ?? part['refusal']) : undefined));
  return texts.filter(isFilled).join('\n');
}

/** Returns the images. The worker has converted all images to data URLs. */
function imagesOf(content: unknown): readonly string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) => {
    if (!isObject(part) || part['type'] !== 'image_url') return [];
    const image = part['image_url'];
    const url = isObject(image) ? image['url'] : image;
    return isFilled(url) ? [url.replace(/^data:[^,]*,/, '')] : [];
  });
}
