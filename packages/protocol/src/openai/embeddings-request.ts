import { GatewayError } from '../errors/gateway-error.ts';
import { isObject } from '../json/values.ts';
import { checkInput, embeddingsInputSchema } from './embeddings-input.ts';
import { explainIssue } from './explain-issue.ts';
import { fieldOf } from './field-errors.ts';
import { integer, object, oneOf, text } from './field-types.ts';
import { refuseOperatorFields } from './operator-fields.ts';

const maxModelLength = 256;

/** All fields except `input`. */
const optionsSchema = object({
  model: text.min(1).max(maxModelLength),
  /** Length of the vectors, for models that support a choice. */
  dimensions: integer({ min: 1 }).nullish(),
  /** `base64`: little-endian 32-bit floats. */
  encoding_format: oneOf('float', 'base64').nullish(),
  user: text.nullish(),
});

/** The whole request, for the published JSON Schema: {@link parseEmbeddingsRequest} checks `input` by code. */
export const embeddingsRequestSchema = optionsSchema.extend({ input: embeddingsInputSchema });

/** Facts that the gateway needs of a valid request; the body itself is forwarded unchanged. */
export interface EmbeddingsFacts {
  readonly model: string;
  /** Tokens in the inputs; 0 if the inputs are texts. */
  readonly tokens: number;
}

/**
 * Validates a parsed JSON body as a request for embeddings.
 * @throws GatewayError with status 400 that names the field at fault, if there is one; with 413 if the fields beside
 * `input` hold more than 10,000 elements
 */
export function parseEmbeddingsRequest(body: unknown): EmbeddingsFacts {
  if (!isObject(body)) {
    throw new GatewayError('invalid_request', { message: 'The request body must be a JSON object.' });
  }
  refuseOperatorFields(body);
  refuseWideFields(body);
  const issue = optionsSchema.safeParse(body).error?.issues[0];
  if (issue !== undefined) throw explainIssue(issue, body);
  return { model: String(fieldOf(body, 'model')), tokens: checkInput(fieldOf(body, 'input')) };
}

/** Maximum number of elements outside `input`. A body of embeddings may exceed the usual limit only within `input`. */
const maxElsewhere = 10_000;

function refuseWideFields(body: object): void {
  let left = maxElsewhere;
  function count(value: unknown): void {
    if (--left < 0) {
      throw new GatewayError('request_too_large', {
        message: `The request body has more than ${maxElsewhere} elements beside those of 'input'.`,
      });
    }
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) count(inner);
  }
  for (const [name, value] of Object.entries(body)) if (name !== 'input') count(value);
}
