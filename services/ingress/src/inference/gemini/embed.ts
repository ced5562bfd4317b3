import { type EmbeddingsFacts, parseEmbeddingsRequest, writeLossless } from '@sluice/protocol';
import { toEmbeddings, toGeminiEmbeddings } from '@sluice/surfaces';
import { readGeminiPath } from '../../gemini/gemini-call.ts';
import { reserveEmbeddings } from '../embeddings/reserve.ts';
import type { Operation } from '../operation.ts';

/** A request for vectors in OpenAI's form. */
export interface EmbedOrder {
  readonly facts: EmbeddingsFacts;
  readonly body: Buffer;
  readonly dropped: readonly string[];
}

/** `POST /v1beta/models/{model}:embedContent` and `:batchEmbedContents`. */
export const embed: Operation<EmbedOrder> = {
  name: 'embeddings',
  parse(value, response) {
    const { model, method } = readGeminiPath(response.req);
    const isBatch = method === 'batchEmbedContents';
    const { body, dropped } = toEmbeddings(value, model, isBatch);
    const facts = parseEmbeddingsRequest(body);
    return {
      request: { facts, body: Buffer.from(writeLossless(body)), dropped },
      model,
      stream: false,
      forms: {
        stream() {
          throw new Error('vectors are not streamed');
        },
        whole: (text) => toGeminiEmbeddings(text, isBatch),
      },
    };
  },
  shape: (request) => ({
    request,
    body: request.body,
    droppedMessages: 0,
    maxContinuations: 0,
    droppedFields: request.dropped,
  }),
  reserve: ({ facts }, bodyBytes) => reserveEmbeddings(facts, bodyBytes),
  reply() {
    throw new Error('each request brings the forms of its answer');
  },
};
