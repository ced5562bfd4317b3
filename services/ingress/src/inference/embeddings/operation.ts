import { type EmbeddingsFacts, parseEmbeddingsRequest } from '@sluice/protocol';
import type { Operation } from '../operation.ts';
import { withCopy } from '../reply/copied-reply.ts';
import { createWholeReply } from '../reply/whole-reply.ts';
import { reserveEmbeddings } from './reserve.ts';

/** `POST /v1/embeddings`: the request stays unchanged, and the answer comes whole. */
export const embeddings: Operation<EmbeddingsFacts> = {
  name: 'embeddings',
  parse(value) {
    const request = parseEmbeddingsRequest(value);
    return { request, model: request.model, stream: false };
  },
  shape: (request, bytes) => ({ request, body: bytes, droppedMessages: 0, maxContinuations: 0 }),
  reserve: reserveEmbeddings,
  reply: (needs) => withCopy(createWholeReply(needs), needs.copies, false),
};
