import type { ChatBody } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';

/**
 * Returns whether a value is the model's default. Clients send such values out of habit, and models refuse them: some
 * refuse `temperature` beside `top_p`, the latest both.
 */
export const isUsual = (name: string, value: unknown): boolean =>
  (name === 'temperature' || name === 'top_p') && value === 1;

/** Returns the sampling parameters that the provider can't serve. */
export function badSampling(request: ChatBody, takesSampling: boolean): FieldPath[] {
  const { temperature, top_p: topP, top_k: topK } = request;
  // OpenAI's temperatures go up to 2, Anthropic's to 1; with reasoning only a few values are allowed.
  const isBad = {
    temperature: temperature != null && temperature !== 1 && (!takesSampling || temperature > 1 || thinks(request)),
    top_p: topP != null && topP !== 1 && (!takesSampling || (topP < 0.95 && thinks(request))),
    top_k: topK != null && (!takesSampling || thinks(request)),
  };
  return Object.entries(isBad).flatMap(([name, bad]) => (bad ? [[name]] : []));
}

/** Returns whether the request asks for reasoning. */
export const thinks = ({ reasoning_effort: effort }: ChatBody): boolean => effort != null && effort !== 'none';
