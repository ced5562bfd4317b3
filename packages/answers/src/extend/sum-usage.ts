import { isObject, type JsonObject, mostTokens, type Usage } from '@sluice/protocol';

/** Returns the total usage of several attempts, including the details. */
export function sumUsage(one: Usage | undefined, other: Usage | undefined): Usage | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    ...sumFields(one, other),
    prompt_tokens: sumTokens(one.prompt_tokens, other.prompt_tokens),
    completion_tokens: sumTokens(one.completion_tokens, other.completion_tokens),
    total_tokens: sumTokens(one.total_tokens, other.total_tokens),
  };
}

const sumTokens = (one: number, other: number): number => Math.min(mostTokens, one + other);

function sumFields(one: JsonObject, other: JsonObject): JsonObject {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...names].map((name) => [name, sumValues(one[name], other[name])]));
}

function sumValues(one: unknown, other: unknown): unknown {
  if (typeof one === 'number' && typeof other === 'number') return one + other;
  if (isObject(one) && isObject(other)) return sumFields(one, other);
  return other ?? one;
}
