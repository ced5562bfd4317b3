import { describe, expect, it } from 'vitest';
import { embeddings } from '../../../src/inference/embeddings/operation.ts';
import { reserveEmbeddings } from '../../../src/inference/embeddings/reserve.ts';
import { resolveModel } from '../../../src/inference/resolve-model.ts';
import { configWith } from '../fakes.ts';

/** These operations do not read the response. */
const unread = undefined as never;

describe('embeddings', () => {
  it('are validated, and never streamed', () => {
    const { model, stream, request } = embeddings.parse({ model: 'e', input: [1, 2, 3] }, unread);
    expect({ model, stream, tokens: request.tokens }).toEqual({ model: 'e', stream: false, tokens: 3 });
    expect(() => embeddings.parse({ model: 'e' }, unread)).toThrow(/input/);
  });

  it("go out as the client's own bytes, with nothing left out and nothing to extend", () => {
    const bytes = Buffer.from('{ "model": "sim", "input": "hi" }');
    const { request } = embeddings.parse(JSON.parse(bytes.toString()), unread);
    const entry = resolveModel(configWith(), { models: ['*'], team: undefined }, 'm');
    const shaped = embeddings.shape(request, bytes, entry, false);
    expect(shaped).toEqual({ request, body: bytes, droppedMessages: 0, maxContinuations: 0 });
    expect(shaped.body).toBe(bytes);
  });
});

describe('reserveEmbeddings', () => {
  it.each([
    ['counts inputs that are tokens', 3, 3],
    ['estimates inputs that are texts by their bytes', 0, 10],
  ])('%s, and pays for each attempt', (_what, tokens, prompt) => {
    expect(reserveEmbeddings({ tokens }, 40)).toEqual({ prompt, answer: 0, total: prompt, isPaidPerAttempt: true });
  });
});
