import { z } from 'zod';
import type { CallPlan, ChatBody, ProviderAdapter, WholeTranslation } from '../adapter.ts';
import { parseText } from '../parse-text.ts';
import type { Preparation } from '../preparation.ts';
import { inputsOf } from './inputs.ts';
import { malformed, usageOf } from './write-embeddings.ts';

/**
 * Makes an adapter for embeddings serve requests of more inputs than its provider takes at once: they are cut into calls,
 * one after the other, and what comes back is joined. All calls but the last are the preparation of the last; what one of
 * them fails of, the request fails of.
 */
export function inBatches(adapter: ProviderAdapter, mostInputs: number): ProviderAdapter {
  return {
    ...adapter,
    prepare: (body, plan) => embedAllButTheLast(toBatches(body, mostInputs), adapter, plan),
    translateWhole(text, body, plan) {
      const last = adapter.translateWhole(text, body, plan);
      return last.kind === 'failed' ? last : join(listsOf(plan), last);
    },
  };
}

function toBatches(body: ChatBody, mostInputs: number): readonly ChatBody[] {
  const inputs = inputsOf(body);
  if (inputs.length <= mostInputs) return [body];
  return Array.from({ length: Math.ceil(inputs.length / mostInputs) }, (_, at) => ({
    ...body,
    input: inputs.slice(at * mostInputs, (at + 1) * mostInputs),
  }));
}

function* embedAllButTheLast(batches: readonly ChatBody[], adapter: ProviderAdapter, plan: CallPlan): Preparation {
  const last = batches.at(-1);
  const lists: string[] = [];
  for (const batch of batches.slice(0, -1)) {
    const { head, text } = yield { kind: 'call', request: adapter.toUpstream(batch, plan) };
    if (head.status < 200 || head.status >= 300) return { kind: 'failed', failure: adapter.toFailure(head, text) };
    const translated = adapter.translateWhole(text, batch, plan);
    if (translated.kind === 'failed') return translated;
    lists.push(translated.text);
  }
  if (last === undefined || lists.length === 0) return { kind: 'ready' };
  return { kind: 'ready', body: last, notes: Object.fromEntries(lists.entries()) };
}

/** The lists that came before the last, by their number: an object keeps such names in order. */
const listsOf = ({ notes = {} }: CallPlan): readonly string[] => Object.values(notes);

/** OpenAI's list, of which what is in the vectors does not matter here. */
const listSchema = z.object({
  data: z.array(z.looseObject({})),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.number() }),
});

type Complete = Extract<WholeTranslation, { readonly kind: 'complete' }>;

function join(earlier: readonly string[], last: Complete): WholeTranslation {
  if (earlier.length === 0) return last;
  const lists = [...earlier, last.text].flatMap((text) => parseText(listSchema, text) ?? []);
  const [first] = lists;
  if (first === undefined || lists.length <= earlier.length) return malformed;
  const data = lists.flatMap((list) => list.data).map((item, index) => ({ ...item, index }));
  const tokens = lists.reduce((sum, { usage }) => sum + usage.prompt_tokens, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return {
    kind: 'complete',
    text: JSON.stringify({ object: 'list', data, model: first.model, usage }),
    // Nothing is 0 tokens long: the provider does not count.
    summary: { ...last.summary, usage: usageOf(tokens === 0 ? undefined : tokens) },
  };
}
