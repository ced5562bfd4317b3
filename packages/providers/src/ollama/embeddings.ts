import type { ChatBody, UpstreamRequest } from '@sluice/protocol';
import { z } from 'zod';
import type { CallPlan, EmbeddingsAdapter, WholeTranslation } from '../adapter.ts';
import { onlyTexts } from '../embeddings/inputs.ts';
import { malformed, writeEmbeddings } from '../embeddings/write-embeddings.ts';
import { toInnerFailure } from './failure.ts';
import { parseNumbers } from '../parse-text.ts';

/** Settings of an Ollama server for embeddings. */
export interface EmbedOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Size of the context, in tokens. */
  readonly num_ctx?: number | undefined;
  /** Duration, as in `10m`. */
  readonly keep_alive?: string | undefined;
}

const answerSchema = z.object({
  error: z.unknown().optional(),
  model: z.string().nullish().catch(undefined),
  /** In the order of the inputs. */
  embeddings: z.array(z.array(z.number())).nullish(),
  prompt_eval_count: z.number().int().nonnegative().nullish().catch(undefined),
});

/**
 * Embeddings by Ollama's own protocol: https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings The
 * server truncates texts that are too long, unless a request sets `truncate: false`.
 */
export const embeddings: EmbeddingsAdapter = {
  parameters: new Set(['dimensions', 'encoding_format', 'truncate']),
  findUnsupported: onlyTexts,
  toUpstream: (body, plan) => toEmbed(body, plan, {}),
  translateWhole,
};

export function toEmbed(body: ChatBody, plan: CallPlan, options: EmbedOptions): UpstreamRequest {
  const { headers = {}, num_ctx: contextTokens, keep_alive: keepAlive } = options;
  return {
    method: 'POST',
    url: `${plan.baseUrl.replace(/\/api$/, '')}/api/embed`,
    headers: {
      'user-agent': 'sluice',
      ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      'content-type': 'application/json',
      accept: 'application/json',
      'accept-encoding': 'identity',
      ...(plan.apiKey === undefined ? {} : { authorization: `Bearer ${plan.apiKey}` }),
    },
    body: JSON.stringify({
      model: plan.model,
      input: body['input'],
      dimensions: body['dimensions'] ?? undefined,
      truncate: body['truncate'] ?? undefined,
      ...(contextTokens === undefined ? {} : { options: { num_ctx: contextTokens } }),
      // A number without a unit means seconds and must be a JSON number.
      keep_alive: keepAlive !== undefined && /^-?\d+$/.test(keepAlive) ? Number(keepAlive) : keepAlive,
    }),
  };
}

function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const answer = parseNumbers(answerSchema, text);
  if (answer?.error) return { kind: 'failed', failure: toInnerFailure(answer.error) };
  if (!answer?.embeddings) return malformed;
  const { model, prompt_eval_count: promptTokens } = answer;
  const named = { vectors: answer.embeddings, model: model ?? plan.model };
  return writeEmbeddings({ ...named, promptTokens: promptTokens ?? undefined }, body);
}
