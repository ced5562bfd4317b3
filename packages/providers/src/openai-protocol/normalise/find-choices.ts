import { isFilled, isObject, type JsonObject } from '@sluice/protocol';
import { amend } from '../../json-object.ts';

/** Members in which servers wrap an answer. */
const wrappers = ['data', 'result', 'response', 'output'];

/**
 * Returns a whole answer with its choices in OpenAI's place, each with a message, wherever the server puts its text: in
 * a wrapper, in a choice's `text`, `delta` or `content`, or in the answer itself.
 *
 * @returns the same object if they are in place already; undefined for an answer without content
 */
export function withChoices(answer: JsonObject): JsonObject | undefined {
  const { choices } = answer;
  const given = isObject(choices) ? [choices] : choices;
  if (Array.isArray(given) && given.length > 0) return ofChoices(answer, given);
  for (const name of wrappers) {
    const inner = answer[name];
    const found = isObject(inner) ? withChoices(inner) : undefined;
    if (found !== undefined) return { ...answer, [name]: undefined, ...found };
  }
  const message = topMessageOf(answer);
  if (message === undefined) return undefined;
  const { finish_reason: reason, stop_reason: stop = reason } = answer;
  const rest = Object.entries(answer).filter(([name]) => !places.has(name));
  return { ...Object.fromEntries(rest), choices: [{ message, finish_reason: reason ?? stop }] };
}

/** Members with the text and the end of an answer without choices. */
const places: ReadonlySet<string> = new Set([
  ...'message content text output_text response generated_text output role tool_calls'.split(' '),
  ...'reasoning_content finish_reason stop_reason'.split(' '),
]);

function ofChoices(answer: JsonObject, choices: readonly unknown[]): JsonObject | undefined {
  const amended = choices.map((choice: unknown) => (isObject(choice) ? withMessage(choice) : undefined));
  if (amended.includes(undefined)) return undefined;
  return choices === answer['choices'] && amended.every((choice, at) => choice === choices[at])
    ? answer
    : { ...answer, choices: amended };
}

function withMessage(choice: JsonObject): JsonObject | undefined {
  const message = messageOf(choice);
  if (message === undefined || message === choice['message']) return message === undefined ? undefined : choice;
  return amend(choice, { message, delta: undefined, text: undefined, content: undefined });
}

function messageOf({ message, delta, text, content }: JsonObject): JsonObject | undefined {
  if (isObject(message)) return message;
  if (isObject(delta)) return delta;
  const said = [message, text, content].find((value) => typeof value === 'string' || Array.isArray(value));
  return said === undefined ? undefined : { content: said };
}

/** Builds a message from an answer without choices. A bare text in `message` means an error. */
function topMessageOf(answer: JsonObject): JsonObject | undefined {
  const { message, content, text, output_text: outputText, response, generated_text: generated, output } = answer;
  if (isObject(message)) return message;
  const { tool_calls: calls, reasoning_content: thoughts } = answer;
  const said = [content, text, outputText, response, generated, output].find(
    (value) => isFilled(value) || (Array.isArray(value) && value.length > 0),
  );
  if (said === undefined && !Array.isArray(calls)) return undefined;
  return { content: said ?? null, ...(Array.isArray(calls) ? { tool_calls: calls } : {}), reasoning_content: thoughts };
}
