import { z } from 'zod';
import type { ChatBody } from '@sluice/protocol';
import type { CallPlan, ProviderAdapter, WholeTranslation } from '../adapter.ts';
import { parseNumbers } from '../parse-text.ts';
import type { Preparation } from '../preparation.ts';
import { inputsOf } from './inputs.ts';
import { malformed, usageOf } from './write-embeddings.ts';

/**
 * Splits requests with more inputs than the provider accepts into several provider calls, one after the other, and
 * merges the results. All calls but the last form the preparation of the last; if one of them fails, the attempt fails.
 * Earlier results are kept: another attempt at the same target starts with the call that failed.
 */
export function inBatches(adapter: ProviderAdapter, mostInputs: number): ProviderAdapter {
  return {
    ...adapter,
    prepare: (body, plan) => embedAllButTheLast(toBatches(body, mostInputs), adapter, plan),
    translateWhole(text, body, plan) {
      const last = adapter.translateWhole(text, body, plan);
      return last.kind === 'failed' || plan.notes === undefined ? last : toWhole(plan, last);
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
  if (last === undefined || batches.length === 1) return { kind: 'ready' };
  let gathered: Gathered | undefined = readNotes(plan);
  for (const batch of batches.slice(gathered.batches, -1)) {
    const { head, text } = yield { kind: 'call', request: adapter.toUpstream(batch, plan) };
    if (head.status < 200 || head.status >= 300) return { kind: 'failed', failure: adapter.toFailure(head, text) };
    const translated = adapter.translateWhole(text, batch, plan);
    if (translated.kind === 'failed') return translated;
    plan.noteUsage?.(translated.summary.usage);
    gathered = add(gathered, translated.text);
    if (gathered === undefined) return malformed;
    plan.keepNotes?.(toNotes(gathered));
  }
  return { kind: 'ready', body: last, notes: toNotes(gathered) };
}

/**
 * Results of the calls so far. Each batch of vectors is parsed and written once; doing it for all at the end would
 * block all other requests of the process for megabytes of JSON.
 */
interface Gathered {
  /** Number of calls whose results are included. */
  readonly batches: number;
  /** Items of OpenAI's list as JSON, separated by commas. */
  readonly items: string;
  readonly count: number;
  readonly tokens: number;
}

const toNotes = ({ batches, items, count, tokens }: Gathered): Readonly<Record<keyof Gathered, string>> => ({
  batches: String(batches),
  items,
  count: String(count),
  tokens: String(tokens),
});

function readNotes({ notes = {} }: CallPlan): Gathered {
  const { batches = '0', items = '', count = '0', tokens = '0' } = notes;
  return { batches: Number(batches), items, count: Number(count), tokens: Number(tokens) };
}

/** OpenAI's list; the vectors themselves are not checked. */
const listSchema = z.object({
  data: z.array(z.looseObject({})).min(1),
  usage: z.object({ prompt_tokens: z.number() }),
});

/** Adds a batch. Returns undefined if the text is not a list. */
function add({ batches, items, count, tokens }: Gathered, text: string): Gathered | undefined {
  const list = parseNumbers(listSchema, text);
  if (list === undefined) return undefined;
  const data = list.data.map((item, at) => ({ ...item, index: count + at }));
  const more = JSON.stringify(data).slice(1, -1);
  return {
    batches: batches + 1,
    items: items === '' ? more : `${items},${more}`,
    count: count + data.length,
    tokens: tokens + list.usage.prompt_tokens,
  };
}

type Complete = Extract<WholeTranslation, { readonly kind: 'complete' }>;

function toWhole(plan: CallPlan, { text, summary }: Complete): WholeTranslation {
  plan.noteUsage?.(summary.usage);
  const gathered = add(readNotes(plan), text);
  if (gathered === undefined) return malformed;
  const { items, tokens } = gathered;
  const rest = JSON.stringify({
    model: summary.responseModel ?? plan.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
  return {
    kind: 'complete',
    text: `{"object":"list","data":[${items}],${rest.slice(1)}`,
    // 0 tokens mean that the provider does not count.
    summary: { ...summary, usage: usageOf(tokens === 0 ? undefined : tokens) },
  };
}
