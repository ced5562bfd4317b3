import { type FieldPath } from './adapter.ts';
import { isObject, type JsonObject } from './json-object.ts';
import { isBounded } from './parse-text.ts';

/** What a text of a client that should be JSON turns out to be. */
export type ClientJson =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'no_json' }
  /** Nobody parses it: it is longer, deeper or wider than {@link clientTextLimits} allow. */
  | { readonly kind: 'too_much' };

/** Characters, levels and elements of a JSON text inside a request, such as the arguments of a call. */
export const clientTextLimits = { maxLength: 1_000_000, maxDepth: 64, maxElements: 10_000 } as const;

/** Parses a JSON text that stands in a string of the request, where the guard over the request's body does not see it. */
export function parseClientJson(text: string): ClientJson {
  if (!isClientTextBounded(text)) return { kind: 'too_much' };
  try {
    const value: unknown = JSON.parse(text);
    return { kind: 'value', value };
  } catch {
    return { kind: 'no_json' };
  }
}

/** The object that a text of a client holds, `{}` for a blank one; undefined for anything else. */
export function parseClientObject(text: string | undefined): JsonObject | undefined {
  if (text === undefined || text.trim() === '') return {};
  const parsed = parseClientJson(text);
  return parsed.kind === 'value' && isObject(parsed.value) ? parsed.value : undefined;
}

const isClientTextBounded = (text: string): boolean =>
  text.length <= clientTextLimits.maxLength && isBounded(text, clientTextLimits);

/** Where the arguments of a call stand that are too long, too deep or too wide to be parsed; the first of them. */
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
  return typeof text === 'string' && !isClientTextBounded(text);
}
