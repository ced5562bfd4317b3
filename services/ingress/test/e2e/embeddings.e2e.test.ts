import { openaiClient, verifies } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: [
        upstream('sim', simulatorUrl),
        { ...upstream('azure', simulatorUrl), type: 'azure', base_url: simulatorUrl },
      ],
      models: [
        { id: 'embed*', targets: [{ upstream: 'sim' }] },
        { id: 'azure-embed', targets: [{ upstream: 'azure', model: 'embed-deployment' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const client = () => openaiClient({ baseUrl: sluice.url(), apiKey });

describe('POST /v1/embeddings', () => {
  it.each(['embed', 'azure-embed'])(
    'gives a vector for each input of a batch: %s',
    verifies('003-42'),
    async (model) => {
      const { data, usage } = await client().embeddings.create({ model, input: ['one', 'two', 'one'], dimensions: 4 });
      expect(data.map(({ index, embedding }) => [index, embedding.length])).toEqual([
        [0, 4],
        [1, 4],
        [2, 4],
      ]);
      expect(data[0]?.embedding).toEqual(data[2]?.embedding);
      expect(data[0]?.embedding).not.toEqual(data[1]?.embedding);
      expect(usage).toEqual({ prompt_tokens: 3, total_tokens: 3 });
    },
  );

  it('gives the same numbers as base64, which is what the SDK asks for', async () => {
    const asNumbers = await client().embeddings.create({ model: 'embed', input: 'hi', encoding_format: 'float' });
    const decoded = await client().embeddings.create({ model: 'embed', input: 'hi' });
    const [call] = (await sluice.simulator.calls()).slice(-1);
    expect(decoded.data[0]?.embedding).toEqual(asNumbers.data[0]?.embedding);
    expect(call?.path).toBe('/v1/embeddings');
  });

  it('tries again like a chat request', async () => {
    const { response } = await client().embeddings.create({ model: 'embed-e503-n1', input: 'again' }).withResponse();
    expect(response.headers.get('x-sluice-attempts')).toBe('2');
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it('answers without the version in its path too', async () => {
    const response = await fetch(`${sluice.url().replace(/\/v1$/, '')}/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'embed', input: [1, 2, 3] }),
    });
    expect(await response.json()).toMatchObject({ object: 'list', data: [{ object: 'embedding', index: 0 }] });
  });

  it('tells what is wrong with a request in the words of OpenAI', async () => {
    await expect(client().embeddings.create({ model: 'embed', input: [] })).rejects.toMatchObject({
      status: 400,
      code: 'empty_array',
      param: 'input',
    });
    await expect(client().embeddings.create({ model: 'nobody', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});
