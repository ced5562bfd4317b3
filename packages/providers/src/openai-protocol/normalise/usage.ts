import { isObject, itemsOf, type JsonObject, type Usage } from '@sluice/protocol';
import { believe } from '../../answer/usage.ts';

/** Returns the usage of an answer or chunk, wherever the provider puts it. */
export function usageOf({ usage, x_groq: groq, choices }: JsonObject): Usage | undefined {
  const [choice] = itemsOf(choices);
  // Groq's extension; and Moonshot's place for it.
  const others = [groq, choice].map((holder) => (isObject(holder) ? holder['usage'] : undefined));
  return [usage, ...others].map(believe).find((found) => found !== undefined);
}
