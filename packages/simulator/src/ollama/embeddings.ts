import { tokensOf, usualDimensions, vectorOf } from '../openai/embeddings.ts';
import type { Endpoint, Failure } from '../server/provider.ts';
import { embeddingQuestion } from '../server/questions.ts';

/** Returns the body of an error; Ollama's errors are texts, whatever the status. */
const errorBody = (error: string): string => JSON.stringify({ error });
const badRequest = (message: string): Failure => ({ kind: 'failure', status: 400, body: errorBody(message) });

/** Time that a model takes to load, and for each input, in ns. */
const loadDuration = 1_000_000;
const inputDuration = 100_000;

/** `POST /api/embed`. Unknown fields are ignored. */
export const embeddings: Endpoint = {
  read(body) {
    const request = readRequest(body);
    if ('kind' in request) return request;
    const { model, inputs } = request;
    return embeddingQuestion(model, inputs, {
      body: () => answerOf(request),
      errorBody: errorBody('an internal error occurred'),
      promptTokens: tokensOf(inputs),
    });
  },
};

interface EmbedRequest {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly dimensions: number;
}

function readRequest(body: string): EmbedRequest | Failure {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(body)) as typeof fields;
  } catch {
    return badRequest('invalid character in JSON');
  }
  const { model, input, dimensions } = fields;
  if (typeof model !== 'string' || model === '') return badRequest('model is required');
  const inputs: readonly unknown[] = Array.isArray(input) ? input : input === undefined ? [] : [input];
  if (!inputs.every((each) => typeof each === 'string')) return badRequest('invalid input type');
  // 0 means the default, as in all fields of Ollama.
  const isGiven = typeof dimensions === 'number' && dimensions > 0;
  return { model, inputs, dimensions: isGiven ? dimensions : usualDimensions };
}

const answerOf = ({ model, inputs, dimensions }: EmbedRequest): string =>
  JSON.stringify({
    model,
    embeddings: inputs.map((input) => vectorOf(input, dimensions)),
    total_duration: loadDuration + inputs.length * inputDuration,
    load_duration: loadDuration,
    prompt_eval_count: tokensOf(inputs),
  });
