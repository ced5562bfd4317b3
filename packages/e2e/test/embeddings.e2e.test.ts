import { openaiClient, until, verifies } from '@sluice/testkit';
import { APIUserAbortError } from 'openai';
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
        { ...upstream('gemini', simulatorUrl), type: 'gemini', base_url: `${simulatorUrl}/v1beta` },
        {
          ...upstream('bailian', simulatorUrl),
          type: 'bailian',
          base_url: simulatorUrl,
          options: { mode: 'compatible' },
        },
      ],
      models: [
        { id: 'embed*', targets: [{ upstream: 'sim' }] },
        { id: 'azure-embed', targets: [{ upstream: 'azure', model: 'embed-deployment' }] },
        { id: 'gemini-embedding*', targets: [{ upstream: 'gemini' }] },
        { id: 'text-embedding*', targets: [{ upstream: 'bailian' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const client = () => openaiClient({ baseUrl: sluice.url(), apiKey });

describe('POST /v1/embeddings', () => {
  it.each(['embed', 'azure-embed', 'gemini-embedding-2', 'text-embedding-v4'])(
    'returns a vector for each input of a batch: %s',
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

  it.each([
    ['embed', '/v1/embeddings'],
    ['gemini-embedding-001', '/v1beta/models/gemini-embedding-001:batchEmbedContents'],
    ['text-embedding-v4', '/compatible-mode/v1/embeddings'],
  ])('returns the same numbers as base64, the default of the SDK: %s', verifies('003-42'), async (model, path) => {
    const asNumbers = await client().embeddings.create({ model, input: 'hi', encoding_format: 'float' });
    const decoded = await client().embeddings.create({ model, input: 'hi' });
    const [call] = (await sluice.simulator.calls()).slice(-1);
    expect(decoded.data[0]?.embedding).toEqual(asNumbers.data[0]?.embedding);
    expect(decoded.data[0]?.embedding).toHaveLength(8);
    expect(call?.path).toBe(path);
  });

  const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `text ${at}`);
  const embedded = async (model: string, input: string[]): Promise<readonly (readonly number[])[]> => {
    const { data } = await client().embeddings.create({ model, input });
    expect(data.map(({ index }) => index)).toEqual([...input.keys()]);
    return data.map(({ embedding }) => embedding);
  };

  it.each([
    ['gemini-embedding-2', 250, 3],
    ['text-embedding-v4', 25, 3],
    ['text-embedding-v4', 10, 1],
  ])(
    'serves more inputs than a provider takes at once, in their order: %s, %d in %d calls',
    verifies('003-42'),
    async (model, count, calls) => {
      const input = numbered(count);
      const vectors = await embedded(model, input);
      const made = await sluice.simulator.calls();
      expect(made.map(({ status }) => status)).toEqual(Array.from({ length: calls }, () => 200));
      expect(vectors).toEqual(await embedded('embed', input));
      const { usage } = await client().embeddings.create({ model, input });
      expect(usage.prompt_tokens).toBe(
        (await client().embeddings.create({ model: 'embed', input })).usage.prompt_tokens,
      );
    },
  );

  it('retries from the failed call, not from the first', async () => {
    await sluice.simulator.script([{ match: { contains: 'text 150' }, times: 1, directives: 'e503' }]);
    const vectors = await embedded('gemini-embedding-001', numbered(250));
    expect(vectors).toHaveLength(250);
    expect((await sluice.simulator.calls()).map(({ status }) => status)).toEqual([200, 503, 200, 200]);
  });

  it('makes no further call when the client leaves between two calls', async () => {
    await sluice.simulator.script([{ match: { contains: 'text 150' }, directives: 'f30000' }]);
    const controller = new AbortController();
    const left = client()
      .embeddings.create({ model: 'gemini-embedding-001', input: numbered(250) }, { signal: controller.signal })
      .catch((error: unknown) => error);
    await until(async () => (await sluice.simulator.stats()).total === 2, { what: 'the second call' });
    controller.abort();
    expect(await left).toBeInstanceOf(APIUserAbortError);
    await until(async () => (await sluice.simulator.stats()).aborted === 1, { what: 'the call to be aborted' });
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it.each([
    ['gemini-embedding-001-e400', 400],
    ['text-embedding-v4-e400', 400],
    ['gemini-embedding-001-e500', 502],
    ['text-embedding-v4-e500', 502],
    ['gemini-embedding-001-errev', 502],
    ['text-embedding-v4-badjson', 502],
  ])('reports a failure of the provider: %s', verifies('003-42'), async (model, status) => {
    await expect(client().embeddings.create({ model, input: 'x' }, { maxRetries: 0 })).rejects.toMatchObject({
      status,
      code: expect.stringMatching(/^(?:upstream_|invalid_)/),
    });
  });

  it.each(['gemini-embedding-001', 'text-embedding-v4'])(
    'refuses token inputs where a model takes only texts: %s',
    async (model) => {
      await expect(client().embeddings.create({ model, input: [1, 2, 3] })).rejects.toMatchObject({
        status: 400,
        code: 'unsupported_parameter',
        param: 'input',
      });
      expect((await sluice.simulator.stats()).total).toBe(0);
    },
  );

  it('retries like a chat request', async () => {
    const { response } = await client().embeddings.create({ model: 'embed-e503-n1', input: 'again' }).withResponse();
    expect(response.headers.get('x-sluice-attempts')).toBe('2');
    expect((await sluice.simulator.stats()).total).toBe(2);
  });

  it('also answers without the version in its path', async () => {
    const response = await fetch(`${sluice.url().replace(/\/v1$/, '')}/embeddings`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'embed', input: [1, 2, 3] }),
    });
    expect(await response.json()).toMatchObject({ object: 'list', data: [{ object: 'embedding', index: 0 }] });
  });

  it('reports an invalid request with the messages of OpenAI', async () => {
    await expect(client().embeddings.create({ model: 'embed', input: [] })).rejects.toMatchObject({
      status: 400,
      code: 'empty_array',
      param: 'input',
    });
    await expect(client().embeddings.create({ model: 'unknown', input: 'x' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });
});
