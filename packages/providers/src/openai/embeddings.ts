import { z } from 'zod';
import type { CallPlan, ChatBody, EmbeddingsAdapter, WholeTranslation } from '../adapter.ts';
import { inputsOf } from '../embeddings/operation.ts';
import { usageOf, writeEmbeddings } from '../embeddings/write-embeddings.ts';
import { parseText } from '../parse-text.ts';
import { toInnerFailure } from './failure.ts';
import { toUpstream } from './request.ts';
import { wireErrorSchema } from './wire.ts';

const vectorSchema = z.union([z.base64(), z.array(z.number())]);
const listSchema = z.object({
  error: wireErrorSchema.nullish(),
  object: z.string().nullish(),
  model: z.string().nullish().catch(undefined),
  data: z
    .array(z.object({ object: z.string().nullish(), index: z.number().nullish(), embedding: vectorSchema }))
    .nullish(),
  usage: z.object({ prompt_tokens: z.number(), total_tokens: z.number() }).nullish().catch(undefined),
});

/** OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings */
export const embeddings: EmbeddingsAdapter = {
  parameters: 'any',
  toUpstream(body, plan) {
    const request = toUpstream(body, { ...plan, stream: false });
    return { ...request, url: `${plan.baseUrl}/embeddings` };
  },
  translateWhole,
};

/** An answer that is as it should be passes unchanged. */
export function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const list = parseText(listSchema, text);
  if (list?.error) return { kind: 'failed', failure: toInnerFailure(list.error) };
  if (!list?.data?.length) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer holds no embeddings." } };
  }
  const { data, model, usage } = list;
  if (data.length !== (inputsOf(body) ?? data.length)) {
    const message = "The provider's answer holds another number of embeddings than was asked for.";
    return { kind: 'failed', failure: { kind: 'malformed', message } };
  }
  const wantsText = body['encoding_format'] === 'base64';
  const isClean =
    list.object === 'list' &&
    model != null &&
    usage != null &&
    data.every(
      ({ object, index, embedding }, at) =>
        object === 'embedding' && index === at && (typeof embedding === 'string') === wantsText,
    );
  if (!isClean) {
    const inOrder = data.every(({ index }) => typeof index === 'number')
      ? data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
      : data;
    const vectors = inOrder.map(({ embedding }) => embedding);
    return writeEmbeddings({ vectors, model: model ?? plan.model, promptTokens: usage?.prompt_tokens }, body);
  }
  return {
    kind: 'complete',
    text,
    summary: { usage: usageOf(usage.prompt_tokens), finishReason: undefined, responseModel: model },
  };
}
