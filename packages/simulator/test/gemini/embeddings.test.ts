import { describe, expect, it } from 'vitest';
import { clientOf, simulate } from '../simulate.ts';

interface Answer {
  readonly status: number;
  readonly body: {
    readonly embeddings?: readonly { readonly values: readonly number[] }[];
    readonly usageMetadata?: object;
    readonly error?: object;
  };
}

const model = 'gemini-embedding-001';
const request = (text: string, more: object = {}, name = model): object => ({
  model: `models/${name}`,
  content: { parts: [{ text }] },
  ...more,
});

async function post(url: string, body: object, name = model): Promise<Answer> {
  const response = await fetch(`${url}/v1beta/models/${name}:batchEmbedContents`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-goog-api-key': 'tok-a' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

describe("embeddings of the simulator's Gemini", () => {
  it("are the vectors of the simulator's OpenAI, one for each request", async () => {
    const simulator = await simulate();
    const { body } = await post(simulator.url, {
      requests: [
        request('one', { outputDimensionality: 4, taskType: 'CLUSTERING', title: 't' }),
        request('two', { outputDimensionality: 4 }),
      ],
    });
    const { data } = await clientOf(simulator).embeddings.create({
      model: 'demo',
      input: ['one', 'two'],
      dimensions: 4,
      encoding_format: 'float',
    });
    expect(body.embeddings?.map(({ values }) => values)).toEqual(data.map(({ embedding }) => embedding));
    expect(simulator.calls()[0]).toMatchObject({ model, credential: 'tok-a', outcome: 'finished' });
  });

  it('are counted only by newer models', async () => {
    const { url } = await simulate();
    expect((await post(url, { requests: [request('one')] })).body).not.toHaveProperty('usageMetadata');
    const newer = 'gemini-embedding-2';
    expect((await post(url, { requests: [request('one', {}, newer)] }, newer)).body.usageMetadata).toEqual({
      promptTokenCount: 1,
    });
  });

  it.each<[string, object, string]>([
    ['an unknown field', { requests: [request('x')], input: 'x' }, 'Unknown name "input"'],
    ['an unknown field of a request', { requests: [request('x', { dimensions: 1 })] }, "at 'requests[0]'"],
    ['an image', { requests: [{ model: `models/${model}`, content: { parts: [{ image: 1 }] } }] }, 'content.parts'],
    ['no requests', { requests: [] }, 'requests is not specified'],
    ['more than 100', { requests: Array.from({ length: 101 }, () => request('x')) }, 'at most 100 requests'],
    ['another model', { requests: [request('x', {}, 'other')] }, 'requests[0].model'],
    ['an empty text', { requests: [request('x'), request('')] }, 'requests[1].content'],
  ])('are refused for %s', async (_what, body, message) => {
    const { url } = await simulate();
    expect(await post(url, body)).toEqual({
      status: 400,
      body: { error: { code: 400, status: 'INVALID_ARGUMENT', message: expect.stringContaining(message) } },
    });
  });

  it.each([
    ['embed-e429', 429, 'RESOURCE_EXHAUSTED'],
    ['embed-errev', 200, 'INTERNAL'],
  ])('fail according to %s', async (name, status, code) => {
    const { url } = await simulate();
    const answer = await post(url, { requests: [request('x', {}, name)] }, name);
    expect(answer).toMatchObject({ status, body: { error: { status: code } } });
  });
});
