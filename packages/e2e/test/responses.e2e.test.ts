import { randomUUID } from 'node:crypto';
import { APIError, BadRequestError, NotFoundError, type OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
const otherKey = 'sk-test-client-0002';
const providers = ['openai', 'anthropic', 'gemini'] as const;

beforeAll(async () => {
  sluice = await startSluice({
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: 'sk-test-client-0001', models: ['*'] },
        { name: 'other', key: otherKey, models: ['*'] },
      ],
      retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: providers.map((type) => ({
        id: type,
        type,
        base_url: `${simulatorUrl}/${type === 'gemini' ? 'v1beta' : 'v1'}`,
        credentials: [{ id: 'a', api_key: `tok-${type}-a` }],
      })),
      models: [
        { id: 'cut', targets: [{ upstream: 'openai', model: 'demo-t12-cut-k5' }] },
        ...providers.map((type) => ({ id: `${type}/*`, targets: [{ upstream: type, model: 'demo' }] })),
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const tool = {
  type: 'function' as const,
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
};
const patch = { type: 'custom' as const, name: 'apply_patch', description: 'Changes files.' };

describe.each(providers)('the Responses API on an %s upstream', (type) => {
  const model = `${type}/demo`;

  it('answers whole and as a stream, with the same text', async () => {
    const client = sluice.client();
    const input = `rid=${randomUUID()}`;
    const whole = await client.responses.create({ model, input });
    expect(whole).toMatchObject({ object: 'response', status: 'completed', error: null });
    expect(whole.output_text).toBe(tokensOf(input.slice(4), 16));
    expect(whole.usage).toMatchObject({ output_tokens: 16, output_tokens_details: { reasoning_tokens: 0 } });
    const stream = client.responses.stream({ model, input });
    let said = '';
    stream.on('response.output_text.delta', ({ delta }) => void (said += delta));
    const final = await stream.finalResponse();
    expect(said).toBe(whole.output_text);
    expect(final.output_text).toBe(whole.output_text);
    expect(final.usage).toEqual(whole.usage);
  });

  it('calls a function, and answers its result', async () => {
    const client = sluice.client();
    const asked = { model, input: 'weather', tools: [tool], tool_choice: 'required' as const };
    const stream = await client.responses.stream(asked).finalResponse();
    const call = stream.output.find((item) => item.type === 'function_call');
    expect(call).toMatchObject({ name: 'get_weather', status: 'completed' });
    expect(() => JSON.parse(call?.arguments ?? '') as unknown).not.toThrow();
    const next = await client.responses.create({
      model,
      previous_response_id: stream.id,
      tools: [tool],
      input: [{ type: 'function_call_output', call_id: call?.call_id ?? '', output: '12 degrees' }],
    });
    expect(next.status).toBe('completed');
    const [, sent] = await sluice.simulator.calls();
    expect(sent?.body).toContain('12 degrees');
    expect(sent?.body).toContain('get_weather');
  });

  it('calls a custom tool with its text (report 15)', async () => {
    const { output } = await sluice
      .client()
      .responses.create({ model, input: 'x', tools: [patch], tool_choice: 'required' });
    const call = output.find((item) => item.type === 'custom_tool_call');
    expect(call).toMatchObject({ name: 'apply_patch' });
    expect(call?.input).not.toBe('');
  });
});

describe('a stored response', () => {
  it('is found on every replica, and by its owner alone', async () => {
    const made = await sluice.client({ at: 0 }).responses.create({ model: 'openai/demo', input: 'Hi' });
    expect(await sluice.client({ at: 1 }).responses.retrieve(made.id)).toMatchObject({
      id: made.id,
      output: made.output,
    });
    const items = await sluice.client({ at: 1 }).responses.inputItems.list(made.id);
    expect(items.data).toMatchObject([{ type: 'message', role: 'user', content: [{ text: 'Hi' }] }]);
    const other = sluice.client({ apiKey: otherKey });
    await expect(other.responses.retrieve(made.id)).rejects.toThrow(NotFoundError);
    await expect(other.responses.delete(made.id)).rejects.toThrow(NotFoundError);
    await expect(
      other.responses.create({ model: 'openai/demo', input: 'x', previous_response_id: made.id }),
    ).rejects.toMatchObject({
      status: 400,
      code: 'previous_response_not_found',
      param: 'previous_response_id',
    });
    await sluice.client().responses.delete(made.id);
    await expect(sluice.client().responses.retrieve(made.id)).rejects.toThrow(NotFoundError);
  });

  it('is the context of the next one, over several turns', async () => {
    const client = sluice.client();
    const first = await client.responses.create({ model: 'openai/demo', input: 'one' });
    const second = await client.responses.create({
      model: 'openai/demo',
      input: 'two',
      previous_response_id: first.id,
    });
    await client.responses.create({ model: 'openai/demo', input: 'three', previous_response_id: second.id });
    const calls = await sluice.simulator.calls();
    const { messages } = JSON.parse(calls[2]?.body ?? '') as { messages: { role: string }[] };
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant', 'user']);
  });

  it('does not exist if the client did not want it', async () => {
    const client = sluice.client();
    const made = await client.responses.create({ model: 'openai/demo', input: 'Hi', store: false });
    await expect(client.responses.retrieve(made.id)).rejects.toThrow(NotFoundError);
  });
});

describe('a request that fails', () => {
  it.each([
    [{ tools: [{ type: 'web_search' }] }, 'unsupported_tool', 'tools[0].type'],
    [{ temperature: 9 }, 'decimal_above_max_value', 'temperature'],
  ])('%j is refused with %s', async (more, code, param) => {
    const body = { model: 'openai/demo', input: 'x', ...more } as OpenAI.Responses.ResponseCreateParamsNonStreaming;
    await expect(sluice.client().responses.create(body)).rejects.toMatchObject({ status: 400, code, param });
    await expect(sluice.client().responses.create(body)).rejects.toThrow(BadRequestError);
  });

  it('in the middle ends with response.failed, never like a complete one', async () => {
    const types: string[] = [];
    const stream = await sluice.client().responses.create({ model: 'cut', input: 'x', stream: true });
    const read = async (): Promise<void> => {
      for await (const { type } of stream) types.push(type);
    };
    await read().catch((error: unknown) => expect(error).toBeInstanceOf(APIError));
    expect(types).toContain('response.output_text.delta');
    expect(types).not.toContain('response.completed');
    // The SDK throws at the event `error`, before `response.failed`.
    expect(types.at(-1)).not.toMatch(/completed|incomplete/);
  });
});

it('a WebSocket is refused at once (report 16)', async () => {
  const answered = await fetch(`${sluice.url()}/responses`, {
    headers: { authorization: 'Bearer sk-test-client-0001' },
  });
  expect(answered.status).toBe(405);
  const { request } = await import('node:http');
  const status = await new Promise((resolve, reject) => {
    const asked = request(`${sluice.url()}/responses`, {
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-key': 'x', 'sec-websocket-version': '13' },
    });
    asked
      .on('response', (response) => resolve(response.statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(426);
});

it('the tokens of an input are estimated without a call', async () => {
  const counted = await sluice.client().responses.inputTokens.count({ model: 'openai/demo', input: 'one two three' });
  expect(counted.input_tokens).toBeGreaterThan(0);
  expect(await sluice.simulator.calls()).toEqual([]);
});
