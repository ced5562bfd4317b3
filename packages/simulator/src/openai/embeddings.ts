import { hashConversation, seedOf } from '../faults/conversations.ts';
import type { Endpoint, Failure } from '../server/provider.ts';
import { embeddingQuestion } from '../server/questions.ts';
import { internalErrorBody, invalidRequest } from './errors.ts';

/** An embeddings request, independent of the protocol. */
export interface EmbeddingsRequest {
  readonly model: string;
  /** One text per input: its text, or its tokens. */
  readonly inputs: readonly string[];
  readonly dimensions: number;
}

/** Length of vectors if the request sets none. */
export const usualDimensions = 8;
const bytesPerNumber = 4;
/** Longest vector; a request for a longer one is refused, as providers do. */
const mostDimensions = 4096;

/** Returns a vector of length 1 that depends only on the input. */
export function vectorOf(input: string, dimensions: number): readonly number[] {
  let state = seedOf(hashConversation(input));
  const raw = Array.from({ length: dimensions }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  });
  const length = Math.hypot(...raw);
  return raw.map((number) => Math.fround(number / length));
}

/** Estimates tokens: about one per four characters. */
export const tokensOf = (inputs: readonly string[]): number =>
  inputs.reduce((sum, input) => sum + Math.max(1, Math.ceil(Buffer.byteLength(input) / 4)), 0);

/** `POST /v1/embeddings`. */
export const embeddings: Endpoint = {
  read(body) {
    const fields = fieldsOf(body);
    if ('kind' in fields) return fields;
    const { model, inputs, isBase64 } = fields;
    return embeddingQuestion(model, inputs, {
      body: () => listOf(fields, isBase64),
      errorBody: internalErrorBody,
      promptTokens: tokensOf(inputs),
    });
  },
};

function fieldsOf(body: string): (EmbeddingsRequest & { readonly isBase64: boolean }) | Failure {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(body)) as typeof fields;
  } catch {
    return invalidRequest({ message: 'We could not parse the JSON body of your request.' });
  }
  const { model, input, dimensions, encoding_format: encoding } = fields;
  if (typeof model !== 'string' || model === '')
    return invalidRequest({ message: 'you must provide a model parameter' });
  const inputs = inputsOf(input);
  if (inputs.length === 0) {
    return invalidRequest({ message: "'$.input' is invalid.", param: 'input' });
  }
  if (typeof dimensions === 'number' && !(dimensions >= 1 && dimensions <= mostDimensions)) {
    return invalidRequest({ message: `'dimensions' must be 1 to ${mostDimensions}.`, param: 'dimensions' });
  }
  return {
    model,
    inputs,
    dimensions: typeof dimensions === 'number' ? dimensions : usualDimensions,
    isBase64: encoding === 'base64',
  };
}

/** Returns the inputs; one input is a text or a list of tokens. */
function inputsOf(input: unknown): readonly string[] {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input)) return [];
  if (input.every((item) => typeof item === 'number')) return input.length === 0 ? [] : [input.join(' ')];
  return input.map((item: unknown) => (Array.isArray(item) ? item.join(' ') : String(item)));
}

function listOf({ model, inputs, dimensions }: EmbeddingsRequest, isBase64: boolean): string {
  const data = inputs.map((input, index) => {
    const vector = vectorOf(input, dimensions);
    return { object: 'embedding', index, embedding: isBase64 ? toBase64(vector) : vector };
  });
  const tokens = tokensOf(inputs);
  return JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * bytesPerNumber);
  for (const [at, number] of vector.entries()) bytes.writeFloatLE(number, at * bytesPerNumber);
  return bytes.toString('base64');
}
