import type { ChatBody, UpstreamRequest } from '@sluice/protocol';
import type { CallPlan, EmbeddingsAdapter, WholeTranslation } from '../adapter.ts';
import { onlyTexts, textsOf } from '../embeddings/inputs.ts';
import { malformed, writeEmbeddings } from '../embeddings/write-embeddings.ts';
import { parseNumbers } from '../parse-text.ts';
import { toInnerFailure } from './failure.ts';
import { callOf, modelName } from './request.ts';
import { embeddingsSchema } from './wire.ts';

/** Gemini's embeddings: https://ai.google.dev/api/embeddings */
export const embeddings: EmbeddingsAdapter = {
  parameters: new Set(['dimensions', 'encoding_format', 'task_type', 'title']),
  mostInputs: 100,
  findUnsupported: onlyTexts,
  toUpstream,
  translateWhole,
};

function toUpstream(body: ChatBody, plan: CallPlan): UpstreamRequest {
  const requests = (textsOf(body) ?? []).map((text) => ({
    model: modelName(plan.model),
    content: { parts: [{ text }] },
    outputDimensionality: body['dimensions'] ?? undefined,
    // Fields of Gemini that OpenAI lacks.
    taskType: body['task_type'] ?? undefined,
    title: body['title'] ?? undefined,
  }));
  return callOf(plan, 'batchEmbedContents', { requests });
}

/** Translates an answer, which does not contain the name of its model. */
function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const answer = parseNumbers(embeddingsSchema, text);
  if (answer?.error) return { kind: 'failed', failure: toInnerFailure(answer.error) };
  if (!answer?.embeddings) return malformed;
  const vectors = answer.embeddings.map(({ values }) => values);
  const promptTokens = answer.usageMetadata?.promptTokenCount ?? undefined;
  return writeEmbeddings({ vectors, model: plan.model, promptTokens }, body);
}
