import { isFilled, isObject, type JsonObject } from '@sluice/protocol';
import { amend, amendEach } from '../../json-object.ts';
import type { SplitText } from '../../answer/think-tags.ts';

/**
 * Returns a message or delta with its texts under OpenAI's names: content as one text, reasoning in
 * `reasoning_content`. A provider's `reasoning` becomes `reasoning_content`; if the two differ, both remain.
 */
export function amendTexts(message: JsonObject, splitReasoning?: (content: string) => SplitText): JsonObject {
  const fromParts = Array.isArray(message['content']) ? amend(message, joinParts(message['content'])) : message;
  const named = amend(fromParts, reasoningOf(fromParts));
  const { content, reasoning_content: before } = named;
  if (splitReasoning === undefined || typeof content !== 'string') return named;
  const { text, thought } = splitReasoning(content);
  if (text === content && thought === '') return named;
  return amend(named, {
    content: text,
    ...(thought === '' ? {} : { reasoning_content: (isFilled(before) ? before : '') + thought }),
  });
}

function reasoningOf({ reasoning, reasoning_content: named }: JsonObject): JsonObject {
  if (typeof reasoning !== 'string') return {};
  if (!isFilled(named)) return { reasoning_content: reasoning, reasoning: undefined };
  return reasoning === named ? { reasoning: undefined } : {};
}

/** Joins Mistral's lists of parts. Parts that are neither text nor reasoning are kept beside the text. */
function joinParts(parts: readonly unknown[]): JsonObject {
  const texts = parts.map(textOfPart);
  const thoughts = parts.map(reasoningOfPart);
  const others = parts.filter((_, at) => texts[at] === undefined && thoughts[at] === undefined);
  const text = texts.some((piece) => piece !== undefined) ? texts.join('') : null;
  const thought = thoughts.join('');
  return {
    content: text,
    ...(thought === '' ? {} : { reasoning_content: thought }),
    ...(others.length === 0 ? {} : { content_parts: others }),
  };
}

function textOfPart(part: unknown): string | undefined {
  if (typeof part === 'string') return part;
  if (!isObject(part) || isReasoning(part)) return undefined;
  return typeof part['text'] === 'string' ? part['text'] : undefined;
}

function reasoningOfPart(part: unknown): string | undefined {
  if (!isObject(part) || !isReasoning(part)) return undefined;
  const inner = part['thinking'] ?? part['reasoning'] ?? part['text'];
  if (typeof inner === 'string') return inner;
  return Array.isArray(inner) ? inner.map((piece) => textOfPart(piece) ?? '').join('') : undefined;
}

const isReasoning = ({ type }: JsonObject): boolean => type === 'thinking' || type === 'reasoning';

/** Removes null members that OpenAI omits when they are empty. */
export function withoutNulls(message: JsonObject, names: readonly string[]): JsonObject {
  const nulls = names.filter((name) => message[name] === null);
  return amend(message, Object.fromEntries(nulls.map((name) => [name, undefined])));
}

/** Returns probabilities of tokens, with the members that OpenAI's clients index without a check. */
export function amendLogprobs(value: unknown): unknown {
  if (!isObject(value)) return null;
  const { content, refusal } = value;
  return amend(value, { content: amendTokens(content), refusal: amendTokens(refusal) });
}

function amendTokens(tokens: unknown): unknown {
  if (!Array.isArray(tokens)) return null;
  return amendEach(tokens, (token) => {
    const { bytes, top_logprobs: top } = token;
    const others = Array.isArray(top) ? amendEach(top, (other) => amend(other, { bytes: other['bytes'] ?? null })) : [];
    return amend(token, { bytes: bytes ?? null, top_logprobs: others });
  });
}
