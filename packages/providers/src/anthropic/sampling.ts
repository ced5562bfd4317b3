import type { ChatRequest } from '@sluice/protocol';
import type { FieldPath } from '../adapter.ts';

/**
 * Values that the models have anyway. Clients send them out of habit, and models refuse them: some `temperature` beside
 * `top_p`, the latest both.
 */
export const isUsual = (name: string, value: unknown): boolean =>
  (name === 'temperature' || name === 'top_p') && value === 1;

/** Returns the client's wishes about sampling that can't be met. */
export function badSampling(request: ChatRequest, takesSampling: boolean): FieldPath[] {
  const { temperature, top_p: topP } = request;
  const topK: unknown = Reflect.get(request, 'top_k');
  // OpenAI's temperatures go up to 2, Anthropic's to 1; a model that thinks has few to choose from.
  const isBad = {
    temperature: temperature != null && temperature !== 1 && (!takesSampling || temperature > 1 || thinks(request)),
    top_p: topP != null && topP !== 1 && (!takesSampling || (topP < 0.95 && thinks(request))),
    top_k: topK != null && (!takesSampling || thinks(request)),
  };
  return Object.entries(isBad).flatMap(([name, bad]) => (bad ? [[name]] : []));
}

/** Returns whether the model is told to think. */
export const thinks = ({ reasoning_effort: effort }: ChatRequest): boolean => effort != null && effort !== 'none';
