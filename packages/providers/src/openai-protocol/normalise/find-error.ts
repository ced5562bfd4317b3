import { isFilled, isObject, type JsonObject, type UpstreamFailure } from '@sluice/protocol';
import { toInnerFailure } from '../failure.ts';

/**
 * Returns the error in an event or an answer with status 200: OpenAI's `error`, or one whose members stand in the
 * object itself, as announced by `event: error`, `"object": "error"` or `"type": "error"`. Undefined if there is none.
 */
export function findError(value: JsonObject, event?: string): UpstreamFailure | undefined {
  const { error, choices } = value;
  if (isFilled(error) || isObject(error)) return failureOf(error);
  // OpenRouter's place for the error in whole answers.
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

/**
 * Returns whether an object without an envelope looks like an error: it has a message and a code. A status may also
 * report progress.
 */
function looksLikeError({ message, msg, detail, code, status }: JsonObject): boolean {
  const isCoded = isFilled(code) || (typeof code === 'number' && code !== 0 && code !== 200);
  return [message, msg, detail].some(isFilled) && (isCoded || (typeof status === 'number' && status >= 400));
}

/**
 * Uses the unparsed error: members that a schema would drop, such as OpenRouter's `metadata`, may tell what it means.
 */
const failureOf = (error: unknown): UpstreamFailure => toInnerFailure(error);
