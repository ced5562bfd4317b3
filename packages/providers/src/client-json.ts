import { isObject, type JsonObject, measureJsonText } from '@sluice/protocol';
import type { FieldPath } from './adapter.ts';
import { clientTextLimits, parseClientJson } from './parse-text.ts';

/** Parses a client's text as an object; returns `{}` for a blank text, undefined for anything else. */
export function parseClientObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text.trim() === '') return {};
  const value = parseClientJson(text);
  return isObject(value) ? value : undefined;
}

/** Returns the path of the first tool-call arguments that are too long, too deep or too wide to be parsed. */
export function findUnboundedArguments({ messages }: JsonObject): FieldPath | undefined {
  if (!Array.isArray(messages)) return undefined;
  for (const [at, message] of messages.entries()) {
    const path = isObject(message) ? unboundedIn(message) : undefined;
    if (path !== undefined) return ['messages', at, ...path];
  }
  return undefined;
}

function unboundedIn({ tool_calls: calls, function_call: only }: JsonObject): FieldPath | undefined {
  if (isUnbounded(only)) return ['function_call', 'arguments'];
  const at = Array.isArray(calls)
    ? calls.findIndex((call: unknown) => isObject(call) && isUnbounded(call['function']))
    : -1;
  return at === -1 ? undefined : ['tool_calls', at, 'function', 'arguments'];
}

function isUnbounded(called: unknown): boolean {
  const text = isObject(called) ? called['arguments'] : undefined;
  // Texts too short to exceed a limit are not measured.
  if (typeof text !== 'string' || text.length <= clientTextLimits.maxDepth) return false;
  if (text.length > clientTextLimits.maxLength) return true;
  // Uses the same measure as the ingress: content after the point at which a parser would fail does not count.
  return typeof measureJsonText(text, clientTextLimits) !== 'number';
}
