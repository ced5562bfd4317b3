import { z } from 'zod';
import { GatewayError } from '../errors/gateway-error.ts';
import { explainIssue } from './explain-issue.ts';
import { fieldOf, listTooLong, paramOf } from './field-errors.ts';
import { integer, list, object, oneOf, text } from './field-types.ts';
import { refuseOperatorFields } from './operator-fields.ts';

/** OpenAI's limit for one request. */
const mostInputs = 2048;
const maxModelLength = 256;

const tokens = z.array(integer({ min: 0 }), 'an array of integers').min(1);

const embeddingsRequestSchema = object({
  model: text.min(1).max(maxModelLength),
  /** One text or one list of tokens, or a list of either. */
  input: z.union([
    text.min(1),
    list(text.min(1), 'strings').min(1),
    tokens,
    z.array(tokens, 'an array of arrays').min(1),
  ]),
  /** Length of the vectors, for models that can be asked for one. */
  dimensions: integer({ min: 1 }).nullish(),
  /** `base64`: little-endian 32-bit floats. */
  encoding_format: oneOf('float', 'base64').nullish(),
  user: text.nullish(),
});

/** A request for embeddings that has been validated; fields that nobody here knows are still in it. */
export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;

/**
 * Takes a parsed JSON body for a request for embeddings.
 * @throws GatewayError with status 400 that names the field at fault, if there is one.
 */
export function parseEmbeddingsRequest(body: unknown): EmbeddingsRequest {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  const input = fieldOf(body, 'input');
  const isTokens = Array.isArray(input) && typeof input[0] === 'number';
  if (Array.isArray(input) && !isTokens && input.length > mostInputs) {
    throw listTooLong(paramOf(['input']), { length: input.length, max: mostInputs });
  }
  const parsed = embeddingsRequestSchema.safeParse(body);
  const issue = parsed.error?.issues[0];
  if (issue !== undefined) throw explainIssue(issue, body);
  return body as EmbeddingsRequest;
}
