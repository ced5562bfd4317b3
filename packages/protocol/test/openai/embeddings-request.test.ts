import { GatewayError, parseEmbeddingsRequest } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

function refusal(body: unknown): Pick<GatewayError, 'code' | 'param' | 'message'> {
  try {
    parseEmbeddingsRequest(body);
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error('the request was taken');
}

describe('a request for embeddings', () => {
  it.each([
    ['a text', { input: 'hi' }],
    ['texts', { input: ['a', 'b'] }],
    ['tokens', { input: [1, 2, 3] }],
    ['lists of tokens', { input: [[1, 2], [3]] }],
    ['all options', { input: 'hi', dimensions: 256, encoding_format: 'base64', user: 'u' }],
    ['fields that nobody knows', { input: 'hi', input_type: 'query' }],
    ['as many tokens as fit a model', { input: Array.from({ length: 8000 }, () => 7) }],
  ])('may hold %s', (_what, fields) => {
    const body = { model: 'm', ...fields };
    expect(parseEmbeddingsRequest(body)).toBe(body);
  });

  it.each<[unknown, string, string | undefined]>([
    [[], 'invalid_request', undefined],
    [{ input: 'hi' }, 'missing_required_parameter', 'model'],
    [{ model: 'm' }, 'missing_required_parameter', 'input'],
    [{ model: 'm', input: 5 }, 'invalid_type', 'input'],
    [{ model: 'm', input: '' }, 'empty_string', 'input'],
    [{ model: 'm', input: [] }, 'empty_array', 'input'],
    [{ model: 'm', input: ['a', ''] }, 'empty_string', 'input[1]'],
    [{ model: 'm', input: Array.from({ length: 2049 }, () => 'a') }, 'array_above_max_length', 'input'],
    [{ model: 'm', input: 'a', dimensions: 0 }, 'integer_below_min_value', 'dimensions'],
    [{ model: 'm', input: 'a', encoding_format: 'hex' }, 'invalid_value', 'encoding_format'],
  ])('is refused: %j', (body, code, param) => {
    expect(refusal(body)).toMatchObject({ code, param });
  });
});
