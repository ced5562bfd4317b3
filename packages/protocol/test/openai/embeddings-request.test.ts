import { GatewayError, parseEmbeddingsRequest } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

function refusal(body: unknown): Pick<GatewayError, 'code' | 'param' | 'message'> {
  try {
    parseEmbeddingsRequest(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('the request was accepted');
}

const lists = (count: number, length: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length }, () => 7));

describe('a request for embeddings', () => {
  it.each<[string, unknown, number]>([
    ['a text', 'hi', 0],
    ['tokens', [1, 2, 3], 3],
    ['lists of tokens', [[1, 2], [3]], 3],
    ['the maximum of tokens that OpenAI accepts', lists(1200, 250), 300_000],
    ['the maximum of tokens in one list', lists(1, 300_000)[0], 300_000],
    ['the maximum of lists', lists(2048, 1), 2048],
  ])('has its tokens counted: %s', (_what, input, tokens) => {
    expect(parseEmbeddingsRequest({ model: 'm', input })).toEqual({ model: 'm', tokens });
  });

  it.each([
    ['a text', { input: 'hi' }],
    ['texts', { input: ['a', 'b'] }],
    ['tokens', { input: [1, 2, 3] }],
    ['lists of tokens', { input: [[1, 2], [3]] }],
    ['all options', { input: 'hi', dimensions: 256, encoding_format: 'base64', user: 'u' }],
    ['unknown fields', { input: 'hi', input_type: 'query' }],
    ['the maximum of tokens of a model', { input: Array.from({ length: 8000 }, () => 7) }],
  ])('may hold %s', (_what, fields) => {
    const body = { model: 'm', ...fields };
    expect(parseEmbeddingsRequest(body).model).toBe('m');
  });

  // Bodies of 300,000 tokens are too long for titles.
  it.each<[unknown, string, string | undefined]>([
    [[], 'invalid_request', undefined],
    [{ input: 'hi' }, 'missing_required_parameter', 'model'],
    [{ model: 'm' }, 'missing_required_parameter', 'input'],
    [{ model: 'm', input: 5 }, 'invalid_type', 'input'],
    [{ model: 'm', input: '' }, 'empty_string', 'input'],
    [{ model: 'm', input: [] }, 'empty_array', 'input'],
    [{ model: 'm', input: ['a', ''] }, 'empty_string', 'input[1]'],
    [{ model: 'm', input: Array.from({ length: 2049 }, () => 'a') }, 'array_above_max_length', 'input'],
    [{ model: 'm', input: lists(2049, 1) }, 'array_above_max_length', 'input'],
    [{ model: 'm', input: lists(1, 300_001)[0] }, 'max_tokens_per_request', 'input'],
    [{ model: 'm', input: lists(1201, 250) }, 'max_tokens_per_request', 'input'],
    [{ model: 'm', input: [1, 2, 1.5] }, 'invalid_type', 'input[2]'],
    [{ model: 'm', input: [1, -1] }, 'integer_below_min_value', 'input[1]'],
    [{ model: 'm', input: [1, 2 ** 53] }, 'integer_above_max_value', 'input[1]'],
    [{ model: 'm', input: [1, Number.POSITIVE_INFINITY] }, 'invalid_type', 'input[1]'],
    [{ model: 'm', input: [1, 'a'] }, 'invalid_type', 'input[1]'],
    [{ model: 'm', input: ['a', 1] }, 'invalid_type', 'input[1]'],
    [{ model: 'm', input: [[1], []] }, 'empty_array', 'input[1]'],
    [{ model: 'm', input: [[1], 2] }, 'invalid_type', 'input[1]'],
    [{ model: 'm', input: [[1], [2, null]] }, 'invalid_type', 'input[1][1]'],
    [{ model: 'm', input: [{}] }, 'invalid_type', 'input[0]'],
    [{ model: 'm', input: 'a', x: lists(1, 10_000)[0] }, 'request_too_large', undefined],
    [{ model: 'm', input: 'a', x: lists(5000, 1) }, 'request_too_large', undefined],
    [{ model: 'm', input: 'a', dimensions: 0 }, 'integer_below_min_value', 'dimensions'],
    [{ model: 'm', input: 'a', encoding_format: 'hex' }, 'invalid_value', 'encoding_format'],
  ])('with one wrong field is refused with the name of the field, case %#', (body, code, param) => {
    expect(refusal(body)).toMatchObject({ code, param });
  });
});
