import {
  openaiClient,
  type RedisServer,
  type ServiceProcess,
  simulatorControl,
  type SimulatorProcess,
  spawnService,
  startRedis,
  verifies,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const apiKey = 'sk-compat-client-0001';
let redis: RedisServer;
let simulator: SimulatorProcess;
beforeAll(async () => {
  [redis, simulator] = await Promise.all([startRedis(), spawnService('simulator')]);
});
afterAll(() => Promise.all([redis.stop(), simulator.stop()]));

type Env = Readonly<Record<string, string>>;

/**
 * The product under a profile, configured by environment variables alone. What a gateway's README shows is in `seeds/`; here
 * are its other settings.
 */
function useProfile(name: string, envOf: () => Env | Promise<Env>): () => ServiceProcess {
  let services: readonly ServiceProcess[] = [];
  beforeAll(async () => {
    const env = { SLUICE_COMPAT: name, REDIS_URL: redis.url, SLUICE_API_KEYS: apiKey, ...(await envOf()) };
    services = await Promise.all([spawnService('ingress', { env }), spawnService('worker', { env })]);
    await simulatorControl(simulator.url).reset();
  });
  afterAll(() => Promise.all(services.map((service) => service.stop())));
  return () => {
    const [ingress] = services;
    if (ingress === undefined) throw new Error('the ingress has not been started');
    return ingress;
  };
}

const ask = (ingress: ServiceProcess, model: string, key = apiKey) =>
  openaiClient({ baseUrl: `${ingress.url}/v1`, apiKey: key }).chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'hello' }],
  });

const lastCall = async () => (await simulatorControl(simulator.url).calls()).at(-1);

describe('unified-proxy', () => {
  const ingress = useProfile('unified-proxy', () => ({
    TYPE: 'openai',
    API_KEY: 'tok-provider',
    BASE_URL: `${simulator.url}/v1`,
    ACTUAL_NAME: 'gpt-4',
    ALLOW_ANONYMOUS_ACCESS: 'true',
    LOG_LEVEL: 'warning',
    SUPPORTS_STREAMING: 'false',
    SUPPORTS_FUNCTION_CALLING: 'false',
  }));

  it(
    'serves its model at its paths, with and without /v1',
    verifies('003-24', '003-39', '003-40', '003-41', '003-42', '003-48'),
    async () => {
      expect((await ask(ingress(), 'gpt-4')).choices[0]?.message.content).not.toBe('');
      expect(await lastCall()).toMatchObject({ credential: 'tok-provider', model: 'gpt-4' });
      expect((await fetch(`${ingress().url}/health`)).status).toBe(200);
      const bare = openaiClient({ baseUrl: ingress().url, apiKey });
      expect((await bare.models.list()).data.map(({ id }) => id)).toEqual(['gpt-4']);
      expect((await bare.embeddings.create({ model: 'gpt-4', input: 'hi' })).data).toHaveLength(1);
    },
  );

  it(
    'answers with its model under any name, and calls embedding models by their own',
    verifies('003-41', '003-42'),
    async () => {
      expect((await ask(ingress(), 'gpt-3.5-turbo')).choices[0]?.message.content).not.toBe('');
      expect(await lastCall()).toMatchObject({ model: 'gpt-4' });
      const client = openaiClient({ baseUrl: `${ingress().url}/v1`, apiKey });
      await client.embeddings.create({ model: 'text-embedding-3-small', input: 'hi' });
      expect(await lastCall()).toMatchObject({ model: 'text-embedding-3-small' });
    },
  );

  it('serves anonymous clients where that is configured', verifies('003-27'), async () => {
    const answer = await fetch(`${ingress().url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-4', messages: [{ role: 'user', content: 'hello' }] }),
    });
    expect(answer.status).toBe(200);
    await expect(ask(ingress(), 'gpt-4', 'sk-unknown-0001')).rejects.toMatchObject({ status: 401 });
  });

  it('turns the whole answer of a model without streams into a stream', verifies('003-36'), async () => {
    const stream = await openaiClient({ baseUrl: `${ingress().url}/v1`, apiKey }).chat.completions.create({
      model: 'gpt-4',
      messages: [{ role: 'user', content: 'stream, please' }],
      stream: true,
    });
    const reasons: unknown[] = [];
    for await (const chunk of stream) reasons.push(chunk.choices[0]?.finish_reason);
    expect(reasons.at(-1)).toBe('stop');
    expect(await lastCall()).toMatchObject({ stream: false });
  });

  it('refuses tools for a model without tools', verifies('003-37'), async () => {
    const client = openaiClient({ baseUrl: `${ingress().url}/v1`, apiKey });
    const tools = [{ type: 'function' as const, function: { name: 'f', parameters: { type: 'object' } } }];
    const asked = client.chat.completions.create({ model: 'gpt-4', messages: [{ role: 'user', content: 'x' }], tools });
    await expect(asked).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'tools' });
  });
});

describe('unified-proxy with a bot of Coze', () => {
  const ingress = useProfile('unified-proxy', () => ({
    TYPE: 'coze',
    API_KEY: 'pat_of-our-own',
    BASE_URL: simulator.url,
    ACTUAL_NAME: 'bot-7533263489985413120',
    SUPPORTS_FUNCTION_CALLING: 'false',
  }));

  it(
    'answers the samples of its README, including parameters that bots do not have',
    verifies('003-04', '003-19'),
    async () => {
      const answer = await openaiClient({ baseUrl: ingress().url, apiKey }).chat.completions.create({
        model: 'gpt-4',
        messages: [
          { role: 'system', content: 'You are a helpful assistant.' },
          { role: 'user', content: 'Explain quantum computing in simple terms.' },
        ],
        max_tokens: 150,
        temperature: 0.7,
      });
      expect(answer.choices[0]?.finish_reason).toBe('stop');
      const call = await lastCall();
      expect(call?.body).toContain('7533263489985413120');
      expect(call?.body).not.toMatch(/max_tokens|temperature/);
    },
  );

  it('lists its models without a key, and refuses a chat without one', verifies('003-40'), async () => {
    const page = await fetch(`${ingress().url}/models`);
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('bot-7533263489985413120')]);
    const one = await fetch(`${ingress().url}/v1/models/bot-7533263489985413120`);
    expect(one.status).toBe(200);
    const chat = await fetch(`${ingress().url}/chat/completions`, { method: 'POST', body: '{}' });
    expect(chat.status).toBe(401);
    const unknown = await fetch(`${ingress().url}/models`, { headers: { 'x-api-key': 'sk-unknown-0001' } });
    expect(unknown.status).toBe(401);
  });
});

describe('bailian-proxy with its own time-outs', () => {
  const ingress = useProfile('bailian-proxy', () => ({
    ALIYUN_APP_ID: 'app-1-t2-f2500',
    ALIYUN_API_KEY: 'tok-aliyun',
    ALIYUN_BASE_URL: simulator.url,
    REQUEST_TIMEOUT: '1',
    STREAM_TIMEOUT: '5',
  }));
  const stream = async (): Promise<number> => {
    const answer = await openaiClient({ baseUrl: `${ingress().url}/v1`, apiKey }).chat.completions.create({
      model: 'any',
      messages: [{ role: 'user', content: 'hello' }],
      stream: true,
    });
    const ids: string[] = [];
    for await (const { id } of answer) ids.push(id);
    return ids.length;
  };

  it('waits for a stream as long as STREAM_TIMEOUT says, with one attempt', verifies('002-16'), async () => {
    await simulatorControl(simulator.url).reset();
    expect(await stream()).toBeGreaterThan(1);
    expect((await simulatorControl(simulator.url).stats()).total).toBe(1);
  });

  it('ends a whole answer after the shorter REQUEST_TIMEOUT', verifies('002-15'), async () => {
    await simulatorControl(simulator.url).reset();
    await expect(ask(ingress(), 'any')).rejects.toMatchObject({ status: 504, code: 'upstream_timeout' });
    expect((await simulatorControl(simulator.url).stats()).total).toBe(1);
  });
});

describe('bailian-proxy for features that applications lack', () => {
  const ingress = useProfile('bailian-proxy', () => ({
    ALIYUN_APP_ID: 'app-1',
    ALIYUN_API_KEY: 'tok-aliyun',
    ALIYUN_BASE_URL: simulator.url,
    ENABLE_CLIENT_AUTH: 'false',
  }));

  it(
    'leaves those features out, and answers a request with any key',
    verifies('002-22', '002-24', '002-34'),
    async () => {
      const client = openaiClient({ baseUrl: `${ingress().url}/v1`, apiKey: 'your-openai-key' });
      const answer = await client.chat.completions.create({
        model: 'gpt-3.5-turbo',
        messages: [{ role: 'user', content: '你好！' }],
        response_format: { type: 'json_object' },
        tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }],
        n: 2,
        logprobs: true,
      });
      expect(answer.choices).toHaveLength(1);
      expect((await lastCall())?.body).not.toMatch(/response_format|tools|logprobs/);
    },
  );
});
