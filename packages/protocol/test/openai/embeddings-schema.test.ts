import { embeddingsRequestSchema, GatewayError, parseEmbeddingsRequest } from '@sluice/protocol';
import { assert, constant, double, integer, oneof, property, string, array, boolean, type Arbitrary } from 'fast-check';
import { describe, expect, it } from 'vitest';

const item: Arbitrary<unknown> = oneof(string(), integer(), constant(null), double(), boolean());
const input: Arbitrary<unknown> = oneof(
  item,
  array(oneof(string({ minLength: 1 }), constant(''))),
  array(integer({ min: -1 })),
  array(array(integer({ min: -1 }), { maxLength: 3 }), { maxLength: 3 }),
  array(oneof(item, array(item, { maxLength: 2 })), { maxLength: 3 }),
);

const isAccepted = (body: unknown): boolean => {
  try {
    parseEmbeddingsRequest(body);
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
};

describe('the published schema of a request for embeddings', () => {
  it('accepts what the gateway accepts', () => {
    assert(
      property(input, (value) => {
        const body = { model: 'm', input: value };
        expect(embeddingsRequestSchema.safeParse(body).success).toBe(isAccepted(body));
      }),
    );
  });

  it.each([
    ['2,048 inputs', Array.from({ length: 2048 }, () => 'a'), true],
    ['2,049 inputs', Array.from({ length: 2049 }, () => 'a'), false],
    ['no input', [], false],
    ['an empty list of tokens', [[]], false],
    ['a token beyond the integers of a double', [2 ** 53], false],
  ])('has the same limits: %s', (_what, value, isValid) => {
    const body = { model: 'm', input: value };
    expect([embeddingsRequestSchema.safeParse(body).success, isAccepted(body)]).toEqual([isValid, isValid]);
  });
});
