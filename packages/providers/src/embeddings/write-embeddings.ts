import { type ChatBody, type Usage, usageSchema } from '@sluice/protocol';
import type { WholeTranslation } from '../adapter.ts';
import { inputsOf } from './inputs.ts';

/** Vectors of a provider, in the order of the inputs. */
export interface Embeddings {
  /** Numbers, or little-endian 32-bit floats as base64. */
  readonly vectors: readonly (readonly number[] | string)[];
  readonly model: string;
  /** Undefined if the provider does not count tokens. */
  readonly promptTokens: number | undefined;
}

/**
 * Writes vectors as OpenAI's list of embeddings, in the encoding that the client requested. Fails unless there is one
 * vector per input, because the missing one can't be determined.
 */
export function writeEmbeddings({ vectors, model, promptTokens }: Embeddings, body: ChatBody): WholeTranslation {
  if (vectors.length === 0 || vectors.length !== inputsOf(body).length) return malformed;
  const isBase64 = body['encoding_format'] === 'base64';
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: isBase64 ? toBase64(vector) : toNumbers(vector),
  }));
  const tokens = promptTokens ?? 0;
  const text = JSON.stringify({
    object: 'list',
    data,
    model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  });
  return {
    kind: 'complete',
    text,
    summary: { usage: usageOf(promptTokens), finishReason: undefined, responseModel: model },
  };
}

/** Result for an answer that is not a list of embeddings, or not of these inputs. */
export const malformed: Extract<WholeTranslation, { readonly kind: 'failed' }> = {
  kind: 'failed',
  failure: { kind: 'malformed', message: "The provider's answer does not hold an embedding for each input." },
};

/**
 * Returns usage as the gateway counts it: embeddings have no answer tokens. Returns undefined for an implausible count.
 */
export const usageOf = (promptTokens: number | undefined): Usage | undefined =>
  usageSchema.safeParse({ prompt_tokens: promptTokens, completion_tokens: 0, total_tokens: promptTokens }).data;

const bytesPerNumber = 4;

function toBase64(vector: readonly number[] | string): string {
  if (typeof vector === 'string') return vector;
  const view = new DataView(new ArrayBuffer(vector.length * bytesPerNumber));
  for (const [at, number] of vector.entries()) view.setFloat32(at * bytesPerNumber, number, true);
  return btoa(String.fromCharCode(...new Uint8Array(view.buffer)));
}

function toNumbers(vector: readonly number[] | string): readonly number[] {
  if (typeof vector !== 'string') return vector;
  const bytes = Uint8Array.from(atob(vector), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return Array.from({ length: bytes.length / bytesPerNumber }, (_, at) => view.getFloat32(at * bytesPerNumber, true));
}
