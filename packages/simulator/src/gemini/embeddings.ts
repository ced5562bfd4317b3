import { tokensOf, usualDimensions, vectorOf } from '../openai/embeddings.ts';
import type { Endpoint, Failure } from '../server/provider.ts';
import { embeddingQuestion } from '../server/questions.ts';
import { internalErrorBody, invalidArgument } from './errors.ts';
import { asList, asObject, type Fields, parseFields, unknownField } from './fields.ts';

/** Names that the API supports. https://ai.google.dev/api/embeddings */
const known = {
  batch: ['requests'],
  request: ['model', 'content', 'taskType', 'title', 'outputDimensionality'],
  content: ['role', 'parts'],
  part: ['text'],
} as const;

const mostRequests = 100;
/** Models that count tokens; the first models do not. */
const countingModels = /embedding-[2-9]/;

interface Wanted {
  readonly text: string;
  readonly dimensions: number;
}

/** `POST /v1beta/models/MODEL:batchEmbedContents`. */
export const batchEmbedContents = (model: string): Endpoint => ({
  read(body) {
    const wanted = readRequests(body, model);
    if ('kind' in wanted) return wanted;
    return embeddingQuestion(model, wanted, {
      body: () => vectorsOf(wanted, model),
      errorBody: internalErrorBody,
      promptTokens: tokensOf(wanted.map(({ text }) => text)),
      tellsUsage: countingModels.test(model),
    });
  },
});

function readRequests(body: string, model: string): readonly Wanted[] | Failure {
  const fields = parseFields(body);
  if (fields === undefined) return invalidArgument('Invalid JSON payload received.');
  const requests = asList(fields['requests']);
  const unknown = unknownField(fields, known.batch) ?? requests.map(unknownIn).find(Boolean);
  if (unknown !== undefined) return unknown;
  const place = '* BatchEmbedContentsRequest.requests';
  if (requests.length === 0) return invalidArgument(`${place}: requests is not specified\n`);
  if (requests.length > mostRequests) {
    return invalidArgument(`${place}: at most ${mostRequests} requests can be in one batch\n`);
  }
  const strange = requests.findIndex((request) => request['model'] !== `models/${model}`);
  if (strange !== -1) return invalidArgument(`${place}[${strange}].model: must match the model of the batch\n`);
  const wanted = requests.map(toWanted);
  const empty = wanted.findIndex(({ text }) => text === '');
  return empty === -1 ? wanted : invalidArgument(`${place}[${empty}].content: content is empty\n`);
}

function unknownIn(request: Fields, at: number): Failure | undefined {
  const place = `requests[${at}]`;
  const content = asObject(request['content']);
  return (
    unknownField(request, known.request, place) ??
    unknownField(content, known.content, `${place}.content`) ??
    asList(content['parts'])
      .map((part) => unknownField(part, known.part, `${place}.content.parts`))
      .find(Boolean)
  );
}

function toWanted({ content, outputDimensionality: dimensions }: Fields): Wanted {
  const parts = asList(asObject(content)['parts']);
  return {
    text: parts.map(({ text }) => (typeof text === 'string' ? text : '')).join(''),
    dimensions: typeof dimensions === 'number' ? dimensions : usualDimensions,
  };
}

function vectorsOf(wanted: readonly Wanted[], model: string): string {
  const counted = { promptTokenCount: tokensOf(wanted.map(({ text }) => text)) };
  return JSON.stringify({
    embeddings: wanted.map(({ text, dimensions }) => ({ values: vectorOf(text, dimensions) })),
    ...(countingModels.test(model) ? { usageMetadata: counted } : {}),
  });
}
