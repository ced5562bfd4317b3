import { z } from 'zod';
import type { ChatBody } from '@sluice/protocol';
import type { CallPlan, EmbeddingsAdapter, WholeTranslation } from '../adapter.ts';
import { inputsOf } from '../embeddings/inputs.ts';
import { malformed, usageOf, writeEmbeddings } from '../embeddings/write-embeddings.ts';
import { parseNumbers } from '../parse-text.ts';
import { parseObject } from '../json-object.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import { findError } from './normalise/find-error.ts';
import { plainStyle } from './options.ts';
import { type RequestStyle, writeRequest } from './request.ts';

const vectorSchema = z.union([z.base64(), z.array(z.number())]);
const listSchema = z.object({
  error: z.unknown().optional(),
  object: z.string().nullish(),
  model: z.string().nullish().catch(undefined),
  data: z
    .array(z.object({ object: z.string().nullish(), index: z.number().nullish(), embedding: vectorSchema }))
    .nullish(),
  usage: z.object({ prompt_tokens: z.number(), total_tokens: z.number() }).nullish().catch(undefined),
});

interface EmbeddingsTraits extends Pick<ErrorEnvelope, 'errorOf'> {
  /** Returns the path after the base URL. Default: `/embeddings`. */
  readonly pathOf?: (plan: CallPlan) => string;
}

/** Creates the adapter for OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings */
export function createEmbeddings(
  { headers, auth_header }: Pick<RequestStyle, 'headers' | 'auth_header'>,
  { pathOf = () => '/embeddings', errorOf }: EmbeddingsTraits = {},
): EmbeddingsAdapter {
  return {
    parameters: 'any',
    toUpstream: (body, plan) =>
      writeRequest(body, {
        plan: { ...plan, stream: false },
        style: { ...plainStyle, headers, auth_header, chat_path: pathOf(plan) },
      }),
    translateWhole(text, body, plan) {
      const failure = errorOf?.(text);
      return failure === undefined ? translateWhole(text, body, plan) : { kind: 'failed', failure };
    },
  };
}

/** Returns the failure for an answer without vectors. */
function failureIn(text: string): WholeTranslation {
  const failure = findError(parseObject(text) ?? {});
  return failure === undefined ? malformed : { kind: 'failed', failure };
}

/** Translates an answer; a valid one passes unchanged. */
function translateWhole(text: string, body: ChatBody, plan: CallPlan): WholeTranslation {
  const list = parseNumbers(listSchema, text);
  if (!list?.data || list.error) return failureIn(text);
  const { data, model, usage } = list;
  const wantsText = body['encoding_format'] === 'base64';
  const isClean =
    list.object === 'list' &&
    model != null &&
    usage != null &&
    data.length > 0 &&
    data.length === inputsOf(body).length &&
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
