import type { RequestHandler } from 'express';
import { type BodyShape, embeddingsShape, messagesShape, usualShape } from '../middleware/read-json.ts';
import { type ErrorForm, openAiErrors } from '../middleware/error-form.ts';
import { chat } from './chat/operation.ts';
import { completions } from './completions/operation.ts';
import { embeddings } from './embeddings/operation.ts';
import { messages, messagesErrors } from './messages/operation.ts';
import { responses } from './responses/operation.ts';
import { handleInference, type InferenceNeeds } from './handle-inference.ts';
import type { Operation } from './operation.ts';

/** A path for requests to models. */
export interface Surface {
  /** Path below `/v1`, and below `/` for clients that leave out `/v1`. */
  readonly path: string;
  /** Name of the operation, for the request log. */
  readonly operation: string;
  /** Limits for the body, checked before it is parsed. */
  readonly bodyShape: BodyShape;
  readonly errorForm: ErrorForm;
  readonly handler: (needs: InferenceNeeds) => RequestHandler;
}

/** All surfaces. A new one is a folder with its operation, and a line here. */
export const surfaces: readonly Surface[] = [
  surface('/chat/completions', usualShape, chat),
  surface('/completions', usualShape, completions),
  surface('/embeddings', embeddingsShape, embeddings),
  surface('/messages', messagesShape, messages, messagesErrors),
  surface('/responses', usualShape, responses),
];

function surface<Request>(
  path: string,
  bodyShape: BodyShape,
  operation: Operation<Request>,
  errorForm: ErrorForm = openAiErrors,
): Surface {
  return {
    path,
    operation: operation.name,
    bodyShape,
    errorForm,
    handler: (needs) => handleInference(needs, operation),
  };
}
