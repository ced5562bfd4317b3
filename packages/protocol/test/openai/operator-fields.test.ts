import { GatewayError, parseEmbeddingsRequest } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { minimal, refusalOf } from './refusal-of.ts';

describe('a field reserved for the operator', () => {
  it.each(['api_base', 'base_url', 'api_key', 'extra_headers'])('%s is refused, unless it is null', (param) => {
    expect(refusalOf({ ...minimal, [param]: 'x' })).toMatchObject({ code: 'unsupported_parameter', param });
    expect(refusalOf({ ...minimal, [param]: {} })).toMatchObject({ code: 'unsupported_parameter', param });
    expect(refusalOf({ ...minimal, [param]: null })).toBeUndefined();
    const embeddings = (): unknown => parseEmbeddingsRequest({ model: 'm', input: 'x', [param]: 'x' });
    expect(embeddings).toThrow(GatewayError);
    expect(embeddings).toThrow(param);
  });
});
