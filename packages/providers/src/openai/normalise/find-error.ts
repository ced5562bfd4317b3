import type { UpstreamFailure } from '@sluice/protocol';
import { toInnerFailure } from '../failure.ts';
import { isFilled, isObject, type JsonObject } from '../../json-object.ts';

/**
 * The error that an event or an answer of status 200 brings: OpenAI's `error`, or one that is spread over the object
 * itself, as `event: error`, `"object": "error"` and `"type": "error"` announce it. Undefined where there is none.
 */
export function findError(value: JsonObject, event?: string): UpstreamFailure | undefined {
  const { error, choices } = value;
  if (isFilled(error) || isObject(error)) return failureOf(error);
  // OpenRouter's place for it in whole answers.
  const inChoice = Array.isArray(choices) ? choices.map(errorIn).find((found) => found !== undefined) : undefined;
  if (inChoice !== undefined) return failureOf(inChoice);
  const isAnnounced = event === 'error' || value['object'] === 'error' || value['type'] === 'error';
  if (!isAnnounced && (Array.isArray(choices) || !looksLikeError(value))) return undefined;
  const { message, msg, detail, code, status, type, param } = value;
  const text = [message, msg, detail].find(isFilled);
  return failureOf({
    message: text,
    code: code ?? (typeof status === 'number' ? status : undefined),
    type: type === 'error' ? undefined : type,
    param,
  });
}

const errorIn = (choice: unknown): unknown =>
  isObject(choice) && isObject(choice['error']) ? choice['error'] : undefined;

/** Servers that forget the envelope still say what and why. A status may also be one of progress. */
function looksLikeError({ message, msg, detail, code, status }: JsonObject): boolean {
  const isCoded = isFilled(code) || (typeof code === 'number' && code !== 0 && code !== 200);
  return [message, msg, detail].some(isFilled) && (isCoded || (typeof status === 'number' && status >= 400));
}

/** As it came: what a schema leaves out, such as OpenRouter's `metadata`, may say what the error means. */
const failureOf = (error: unknown): UpstreamFailure => toInnerFailure(error);
