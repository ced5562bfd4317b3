import { isFilled, isObject, type JsonObject } from '@sluice/protocol';

/**
 * Returns whether an assistant message is empty. Models sometimes give empty answers, and clients send them back; no
 * provider needs them, and several refuse them.
 */
export function isEmptyAnswer(message: unknown): boolean {
  if (!isObject(message) || message['role'] !== 'assistant') return false;
  const { content, refusal, audio, tool_calls: calls, function_call: call } = message;
  return (
    !hasContent(content) &&
    !isFilled(refusal) &&
    audio == null &&
    call == null &&
    !(Array.isArray(calls) && calls.length > 0)
  );
}

function hasContent(content: unknown): boolean {
  if (!Array.isArray(content)) return isFilled(content);
  return content.some((part: unknown) => !isObject(part) || !isEmptyPart(part));
}

const isEmptyPart = ({ type, text, refusal }: JsonObject): boolean =>
  (type === 'text' || type === 'refusal') && !isFilled(text) && !isFilled(refusal);
