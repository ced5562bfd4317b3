import { GatewayError, isObject, itemsOf, type JsonObject, membersOf, writeLossless } from '@sluice/protocol';
import { camelMembers, objectOf } from './request-schema.ts';

/** A request for vectors, translated to OpenAI's. */
export interface TranslatedEmbedding {
  readonly body: JsonObject;
  readonly dropped: readonly string[];
}

/** @throws GatewayError 400 that names the field */
export function toEmbeddings(value: unknown, model: string, isBatch: boolean): TranslatedEmbedding {
  const request = camelMembers(objectOf(value));
  const asked = isBatch ? itemsOf(request['requests']).map((each) => camelMembers(membersOf(each))) : [request];
  if (asked.length === 0) throw missing('requests');
  const input = asked.map((each, at) => textIn(each['content'], isBatch ? `requests[${at}].content` : 'content'));
  const [first = {}] = asked;
  const dimensions = first['outputDimensionality'];
  const dropped = ['taskType', 'title', 'autoTruncate', 'config'].filter((name) =>
    asked.some((each) => each[name] != null),
  );
  return { body: { model, input, ...(dimensions == null ? {} : { dimensions }) }, dropped };
}

function textIn(content: unknown, param: string): string {
  if (typeof content === 'string') return content;
  const parts = isObject(content) ? itemsOf(content['parts']).map(membersOf) : [];
  if (parts.length === 0) throw missing(param);
  return parts
    .map(({ text }, at) => {
      if (typeof text === 'string') return text;
      throw new GatewayError('unsupported_parameter', {
        param: `${param}.parts[${at}]`,
        message: `Invalid '${param}.parts[${at}]': only texts have vectors here.`,
      });
    })
    .join('\n');
}

const missing = (param: string): GatewayError =>
  new GatewayError('missing_required_parameter', { param, message: `Missing required parameter: '${param}'.` });

/**
 * Translates OpenAI's vectors.
 * @throws Error if the text is not a list of vectors
 */
export function toGeminiEmbeddings(text: string, isBatch: boolean): string {
  const { data } = membersOf(JSON.parse(text));
  const vectors = itemsOf(data).map((each) => ({ values: membersOf(each)['embedding'] }));
  if (vectors.length === 0) throw new Error('The text is not a list of vectors.');
  return writeLossless(isBatch ? { embeddings: vectors } : { embedding: vectors[0] });
}
