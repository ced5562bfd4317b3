import { parseEmbeddingsRequest } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { reserveForEmbeddings } from '../chat/measure-prompt.ts';
import { serve, type ServeNeeds } from '../chat/serve.ts';
import { takeJson } from '../middleware/read-json.ts';

/** `POST /v1/embeddings`: the way of a chat request, through the same queue, limits and retries. */
export function embeddings(needs: ServeNeeds): RequestHandler {
  return (request, response) => {
    const { value, bytes } = takeJson(request);
    const asked = parseEmbeddingsRequest(value);
    return serve(needs, response, {
      operation: 'embeddings',
      model: asked.model,
      stream: false,
      submission: () => ({
        body: bytes,
        reservation: reserveForEmbeddings(asked, bytes.length),
        droppedMessages: 0,
        maxContinuations: 0,
      }),
    });
  };
}
