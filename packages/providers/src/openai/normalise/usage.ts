import type { Usage } from '@sluice/protocol';
import { amend, isObject, type JsonObject } from '../../json-object.ts';

/** The usage that an answer or chunk brings, wherever it keeps it. */
export function usageOf({ usage, x_groq: groq, choices }: JsonObject): Usage | undefined {
  const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : [];
  // Groq's extension; and Moonshot's place for it.
  const others = [groq, choice].map((holder) => (isObject(holder) ? holder['usage'] : undefined));
  return [usage, ...others].map(toUsage).find((found) => found !== undefined);
}

/**
 * Counts as whole numbers that are there; details stay as they came, as far as they are counts.
 * @returns undefined for what says nothing; the very same object where nothing had to be done
 */
function toUsage(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const prompt = toCount(value['prompt_tokens']) ?? toCount(value['input_tokens']);
  const completion = toCount(value['completion_tokens']) ?? toCount(value['output_tokens']);
  const total = toCount(value['total_tokens']);
  if (prompt === undefined && completion === undefined && total === undefined) return undefined;
  const prompted = prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0));
  const completed = completion ?? Math.max(0, (total ?? 0) - prompted);
  return amend(value, {
    prompt_tokens: prompted,
    completion_tokens: completed,
    // More than both together is thinking that some providers count in the total alone.
    total_tokens: Math.max(total ?? 0, prompted + completed),
    prompt_tokens_details: toDetails(value['prompt_tokens_details'], cachedOf(value)),
    completion_tokens_details: toDetails(value['completion_tokens_details']),
  }) as Usage;
}

/** Usage as it grows over a stream: the latest counts, but nothing does not undo something. */
export function laterUsage(before: Usage | undefined, now: Usage): Usage {
  if (before === undefined) return now;
  const prompt = now.prompt_tokens || before.prompt_tokens;
  const completion = now.completion_tokens || before.completion_tokens;
  const total = Math.max(now.total_tokens, prompt + completion);
  return amend(now, { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total }) as Usage;
}

function toCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? Math.max(0, Math.round(number)) : undefined;
}

function toDetails(value: unknown, otherwise: JsonObject = {}): JsonObject | undefined {
  if (!isObject(value)) return Object.keys(otherwise).length === 0 ? undefined : otherwise;
  const counts = Object.entries(value).map(([name, count]) => [name, isCounted(name) ? toCount(count) : count]);
  return amend(value, { ...otherwise, ...(Object.fromEntries(counts) as JsonObject) });
}

const isCounted = (name: string): boolean => name.endsWith('_tokens');

/** Where DeepSeek and Moonshot say how much of the prompt came from a cache. */
function cachedOf(usage: JsonObject): JsonObject {
  const cached = toCount(usage['prompt_cache_hit_tokens']) ?? toCount(usage['cached_tokens']);
  return cached === undefined ? {} : { cached_tokens: cached };
}
