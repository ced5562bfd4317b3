import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
const providers = ['openai', 'anthropic', 'gemini'] as const;

beforeAll(async () => {
  sluice = await startSluice({
    config: (simulatorUrl) => ({
      retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: providers.map((type) => ({
        id: type,
        type,
        base_url: `${simulatorUrl}/${type === 'gemini' ? 'v1beta' : 'v1'}`,
        credentials: [{ id: 'a', api_key: `tok-${type}-a` }],
      })),
      models: [
        { id: 'cut', targets: [{ upstream: 'openai', model: 'demo-t12-cut-k5' }] },
        { id: 'gemini-cut', targets: [{ upstream: 'gemini', model: 'demo-t12-i5-cut-k5-n1' }] },
        { id: 'refused', targets: [{ upstream: 'gemini', model: 'demo-e400' }] },
        { id: 'vectors', targets: [{ upstream: 'openai', model: 'embed' }] },
        ...providers.map((type) => ({ id: type, targets: [{ upstream: type, model: 'demo' }] })),
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const client = (key = apiKey): GoogleGenAI =>
  new GoogleGenAI({
    apiKey: key,
    httpOptions: { baseUrl: sluice.url().replace('/v1', ''), retryOptions: { attempts: 1 } },
  });

const weather = {
  functionDeclarations: [
    { name: 'get_weather', parametersJsonSchema: { type: 'object', properties: { city: { type: 'string' } } } },
  ],
};

describe.each(providers)("Google's SDK on an %s upstream", (model) => {
  it('gets whole and streamed answers with the same text', async () => {
    const contents = 'rid=x';
    const whole = await client().models.generateContent({ model, contents });
    expect(whole.text).toBe(tokensOf('x', 16));
    expect(whole.candidates?.[0]?.finishReason).toBe('STOP');
    let said = '';
    let usage: unknown;
    for await (const { text, usageMetadata } of await client().models.generateContentStream({ model, contents })) {
      said += text ?? '';
      usage = usageMetadata ?? usage;
    }
    expect(said).toBe(whole.text);
    expect(usage).toMatchObject({ candidatesTokenCount: 16 });
  });

  it('gets calls, and sends their results', async () => {
    const config = { tools: [weather], toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.ANY } } };
    const asked = { role: 'user', parts: [{ text: 'weather' }] };
    const { functionCalls = [], candidates } = await client().models.generateContent({
      model,
      contents: [asked],
      config,
    });
    expect(functionCalls[0]).toMatchObject({ name: 'get_weather', args: expect.any(Object) as unknown });
    const answer = candidates?.[0]?.content;
    const results = functionCalls.map(({ id, name }) => ({
      functionResponse: { ...(id === undefined ? {} : { id }), name: name ?? '', response: { output: '12 degrees' } },
    }));
    const contents = [asked, answer ?? asked, { role: 'user', parts: results }];
    expect((await client().models.generateContent({ model, contents, config: { tools: [weather] } })).text).not.toBe(
      '',
    );
    const [, sent] = await sluice.simulator.calls();
    expect(sent?.body).toContain('12 degrees');
  });
});

const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${sluice.url().replace('/v1', '/v1beta')}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

describe('a Gemini upstream under a Gemini request', () => {
  it("gets the client's bytes", async () => {
    const body = '{ "contents":[{"role":"user","parts":[{"text":"rid=y"}]}],  "generationConfig" : {"topK": 3 } }';
    const answered = await post('/models/gemini:generateContent', body, { 'x-goog-api-key': apiKey });
    expect(answered.status).toBe(200);
    const [call] = await sluice.simulator.calls();
    expect(call?.body).toBe(body);
    expect(call?.credential).toBe('tok-gemini-a');
  });

  it('is refused in its own words', async () => {
    const answered = await post('/models/refused:generateContent', '{"contents":[{"parts":[{"text":"x"}]}]}', {
      'x-goog-api-key': apiKey,
    });
    expect(answered.status).toBe(400);
    const { error } = (await answered.json()) as { error: { message: string } };
    expect(error.message).not.toMatch(/provider/i);
  });

  it('is resumed in the middle of its stream', async () => {
    let said = '';
    for await (const { text } of await client().models.generateContentStream({
      model: 'gemini-cut',
      contents: 'rid=z',
    })) {
      said += text ?? '';
    }
    expect(said).toBe(tokensOf('z', 12));
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });
});

describe('a request', () => {
  it('may have its key in the query, and its answer as a list', async () => {
    const answered = await post(
      `/models/openai:streamGenerateContent?key=${apiKey}`,
      '{"contents":[{"parts":[{"text":"rid=x"}]}]}',
    );
    expect(answered.headers.get('content-type')).toContain('application/json');
    const list = (await answered.json()) as { candidates: { content: { parts: { text?: string }[] } }[] }[];
    const said = list.flatMap(({ candidates }) => candidates.flatMap(({ content }) => content.parts));
    expect(said.map(({ text = '' }) => text).join('')).toBe(tokensOf('x', 16));
  });

  it.each([
    ['/models/openai:generateContent', '{"contents":[]}', apiKey, 400, 'INVALID_ARGUMENT'],
    ['/models/openai:generateContent', '{"contents":[{"parts":[{"text":"x"}]}]}', 'sk-wrong', 401, 'UNAUTHENTICATED'],
    ['/models/none:generateContent', '{"contents":[{"parts":[{"text":"x"}]}]}', apiKey, 404, 'NOT_FOUND'],
    ['/models/openai:fly', '{}', apiKey, 404, 'NOT_FOUND'],
  ])("to %s with %s gets an error in Google's form", async (path, body, key, status, name) => {
    const answered = await post(path, body, { 'x-goog-api-key': key });
    expect(answered.status).toBe(status);
    expect(await answered.json()).toMatchObject({ error: { code: status, status: name } });
  });

  it('that breaks off in its middle is an error for the SDK', async () => {
    const read = async (): Promise<void> => {
      for await (const _ of await client().models.generateContentStream({ model: 'cut', contents: 'x' }));
    };
    await expect(read()).rejects.toThrow(ApiError);
  });
});

it('tokens are counted, vectors made, models listed', async () => {
  const { models } = client();
  expect((await models.countTokens({ model: 'openai', contents: 'one two three' })).totalTokens).toBeGreaterThan(0);
  expect(await sluice.simulator.calls()).toEqual([]);
  const { embeddings } = await models.embedContent({ model: 'vectors', contents: ['a', 'b'] });
  expect(embeddings).toHaveLength(2);
  const names: (string | undefined)[] = [];
  for await (const { name } of await models.list()) names.push(name);
  expect(names).toContain('models/openai');
});
