import { Anthropic } from '@anthropic-ai/sdk';
import type { MessageParam, Tool } from '@anthropic-ai/sdk/resources/messages';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';
import { tokensOf } from './traffic.ts';

const poorKey = 'sk-test-poor-0001';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      retry: { max_attempts: 2, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      keys: [
        { name: 'test', key: apiKey },
        { name: 'poor', key: poorKey, models: ['openai/*'], limits: { rpm: 1 } },
      ],
      upstreams: [
        upstream('openai', simulatorUrl),
        { ...upstream('claude', simulatorUrl), type: 'anthropic' },
        { ...upstream('gemini', simulatorUrl), type: 'gemini', base_url: `${simulatorUrl}/v1beta` },
      ],
      models: [
        ...['openai', 'claude', 'gemini'].flatMap((id) =>
          models.map((model) => ({ id: `${id}/${model}`, targets: [{ upstream: id, model }] })),
        ),
        // An answer that may be extended is translated for Anthropic too.
        { id: 'translated', auto_continue: 1, targets: [{ upstream: 'claude', model: 'demo-q2-t3-parallel' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const models = [
  'demo-t4',
  'demo-q2-t3',
  'demo-t3-parallel',
  'demo-q2-t3-parallel',
  'demo-t12-i5-reset-k5',
  'demo-t12-i5-reset-k5-n1',
  'demo-ctxlen',
  'demo-e529',
];

function client(key = apiKey): Anthropic {
  const { origin } = new URL(sluice.url());
  return new Anthropic({ apiKey: key, baseURL: origin, maxRetries: 0 });
}

const question: MessageParam[] = [{ role: 'user', content: 'rid=x' }];
const weather: Tool = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } } },
};

interface Call {
  readonly path: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}
const lastCall = async (): Promise<Call | undefined> => (await sluice.simulator.calls()).at(-1);

describe.each(['openai', 'claude', 'gemini'])('a client of Anthropic at an upstream of %s', (id) => {
  it('gets a whole message', async () => {
    const { data, response } = await client()
      .messages.create({ model: `${id}/demo-t4`, max_tokens: 100, messages: question })
      .withResponse();
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: tokensOf('x', 4) }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 4 },
    });
    expect(data.id).toMatch(/^msg_/);
    expect(response.headers.get('request-id')).toBe(response.headers.get('x-request-id'));
  });

  it('gets a stream', async () => {
    const stream = client().messages.stream({ model: `${id}/demo-t4`, max_tokens: 100, messages: question });
    const message = await stream.finalMessage();
    expect(message).toMatchObject({
      content: [{ type: 'text', text: tokensOf('x', 4) }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 4 },
    });
    expect(message.usage.input_tokens).toBeGreaterThan(0);
  });

  it('gets the reasoning in a block of its own', async () => {
    const message = await client()
      .messages.stream({
        model: `${id}/demo-q2-t3`,
        max_tokens: 5000,
        thinking: { type: 'enabled', budget_tokens: 1024 },
        messages: question,
      })
      .finalMessage();
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'think0 think1 ' },
      { type: 'text', text: tokensOf('x', 3) },
    ]);
  });

  it.each([true, false])('calls tools in parallel and gets their results (stream: %s)', async (stream) => {
    const common = { model: `${id}/demo-t3-parallel`, max_tokens: 100, tools: [weather] };
    const ask = (messages: MessageParam[]) =>
      stream
        ? client()
            .messages.stream({ ...common, messages })
            .finalMessage()
        : client().messages.create({ ...common, messages });
    const first = await ask(question);
    expect(first.stop_reason).toBe('tool_use');
    const uses = first.content.filter((block) => block.type === 'tool_use');
    expect(uses).toHaveLength(2);
    expect(uses.map(({ name }) => name)).toEqual(['get_weather', 'get_weather']);
    const results = uses.map((use) => ({ type: 'tool_result', tool_use_id: use.id, content: 'rain' }) as const);
    const second = await ask([
      ...question,
      { role: 'assistant', content: first.content },
      { role: 'user', content: results },
    ]);
    expect(second.content).toMatchObject([{ type: 'text', text: tokensOf('x', 3) }]);
  });

  it('gets a failure in the middle as an error event', async () => {
    const model = `${id}/demo-t12-i5-reset-k5`;
    const stream = client().messages.stream({ model, max_tokens: 100, messages: question });
    const texts: string[] = [];
    stream.on('text', (text) => void texts.push(text));
    const error: unknown = await stream.finalMessage().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ type: 'api_error' });
    expect(texts.join('')).toContain(tokensOf('x', 5));
  });

  it('gets one message if another attempt resumes it', async () => {
    const model = `${id}/demo-t12-i5-reset-k5-n1`;
    const message = await client().messages.stream({ model, max_tokens: 100, messages: question }).finalMessage();
    expect(message).toMatchObject({
      content: [{ type: 'text', text: tokensOf('x', 12) }],
      stop_reason: 'end_turn',
    });
  });
});

describe('the signature of reasoning', () => {
  const thinking = { type: 'enabled', budget_tokens: 1024 } as const;

  it.each([
    ['claude/demo-q2-t3-parallel', true],
    ['claude/demo-q2-t3-parallel', false],
    ['translated', true],
    ['translated', false],
  ])('goes to the client and back byte for byte: %s (stream: %s)', async (model, stream) => {
    const common = { model, max_tokens: 5000, tools: [weather], thinking };
    const ask = (messages: MessageParam[]) =>
      stream
        ? client()
            .messages.stream({ ...common, messages })
            .finalMessage()
        : client().messages.create({ ...common, messages });
    const { content } = await ask(question);
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'tool_use', 'tool_use']);
    const results = content.flatMap((block) =>
      block.type === 'tool_use' ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'rain' }] : [],
    );
    // The provider refuses reasoning that was changed.
    const second = await ask([...question, { role: 'assistant', content }, { role: 'user', content: results }]);
    const texts = second.content.filter(({ type }) => type === 'text');
    expect(texts).toMatchObject([{ text: tokensOf('x', 3) }]);
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });

  it('that Anthropic does not know costs one more call, without the reasoning', async () => {
    const { content } = await client().messages.create({
      model: 'claude/demo-t4',
      max_tokens: 5000,
      thinking,
      messages: [
        ...question,
        { role: 'assistant', content: [{ type: 'thinking', thinking: 'hm', signature: 'of another account' }] },
        { role: 'user', content: 'rid=x' },
      ],
    });
    expect(content).toMatchObject([{ type: 'text', text: tokensOf('x', 4) }]);
    const bodies = (await sluice.simulator.calls()).map(({ body }) => body);
    expect(bodies.map((text) => text.includes('of another account'))).toEqual([true, false]);
  });
});

describe('Claude Code', () => {
  it('sends its query, its headers and both kinds of keys, and Anthropic gets its bytes', async () => {
    const body = {
      model: 'claude/demo-t4',
      max_tokens: 100,
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1' },
        { type: 'text', text: 'You help.', cache_control: { type: 'ephemeral' } },
      ],
      messages: question,
      context_management: { edits: [] },
      diagnostics: { previous_message_id: 'msg_1' },
    };
    // The second beta makes Anthropic tell why it did not find a prompt in its cache.
    const betas = 'context-management-2025-06-27,cache-diagnosis-2026-04-07';
    const response = await fetch(`${sluice.url()}/messages?beta=true`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${apiKey}`,
        'x-api-key': apiKey,
        'anthropic-version': '2023-06-01',
        'anthropic-beta': betas,
      },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-sluice-dropped')).toBeNull();
    const call = await lastCall();
    expect(JSON.parse(call?.body ?? '')).toEqual({ ...body, model: 'demo-t4' });
    expect(call?.headers['anthropic-beta']).toBe(betas);
  });

  it('is served by other upstreams, and is told which fields they do not get', async () => {
    const mark = { cache_control: { type: 'ephemeral', ttl: '1h' } };
    const body = {
      model: 'openai/demo-t4',
      max_tokens: 32_000,
      stream: true,
      system: [
        { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1; cch=00000;' },
        { type: 'text', text: 'You are Claude Code.', ...mark },
        { type: 'text', text: 'Be brief.', ...mark },
      ],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'List the files.' }] },
        { role: 'system', content: 'The date has changed.' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'hm', signature: '' },
            { type: 'tool_use', id: 'toolu_1', name: 'Bash', input: { command: 'ls' } },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'toolu_1', content: 'not found', is_error: true },
            { type: 'text', text: 'rid=x', ...mark },
          ],
        },
      ],
      tools: [
        {
          name: 'Bash',
          description: 'Runs a command.',
          input_schema: { type: 'object', properties: { command: { type: 'string' } } },
          eager_input_streaming: true,
        },
      ],
      metadata: { user_id: JSON.stringify({ device_id: 'd'.repeat(64), session_id: 's' }) },
      thinking: { type: 'adaptive' },
      output_config: { effort: 'high' },
      context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    };
    const response = await fetch(`${sluice.url()}/messages?beta=true`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify(body),
    });
    expect(await response.text()).toContain('event: message_stop');
    expect(response.headers.get('x-sluice-dropped')).toBe(
      'tools.eager_input_streaming, context_management, metadata.user_id',
    );
    const sent = JSON.parse((await lastCall())?.body ?? '') as Readonly<Record<string, unknown>>;
    expect(sent).toMatchObject({ model: 'demo-t4', reasoning_effort: 'high', max_completion_tokens: 32_000 });
    expect(sent['messages']).toMatchObject([
      {
        role: 'system',
        content: [
          { text: 'You are Claude Code.', ...mark },
          { text: 'Be brief.', ...mark },
        ],
      },
      { role: 'user', content: 'List the files.' },
      { role: 'system', content: 'The date has changed.' },
      { role: 'assistant', tool_calls: [{ id: 'toolu_1' }] },
      { role: 'tool', tool_call_id: 'toolu_1', content: 'Error:\nnot found' },
      { role: 'user', content: [{ text: 'rid=x', ...mark }] },
    ]);
  });

  it('counts tokens without using up its limits', async () => {
    const count = () => client(poorKey).messages.countTokens({ model: 'openai/demo-t4', messages: question });
    const counts = [await count(), await count(), await count()];
    expect(counts.map(({ input_tokens }) => input_tokens > 0)).toEqual([true, true, true]);
    expect(await sluice.simulator.calls()).toEqual([]);
  });
});

describe('the list of models', () => {
  it("can be read by Anthropic's SDK, page by page", async () => {
    const anthropic = client();
    const first = await anthropic.models.list({ limit: 2 });
    expect(first.data).toMatchObject([
      { id: 'openai/demo-t4', type: 'model', display_name: 'openai/demo-t4' },
      { id: 'openai/demo-q2-t3' },
    ]);
    const ids: string[] = [];
    for await (const { id } of first) ids.push(id);
    expect(ids).toHaveLength(3 * models.length + 1);
    expect(await anthropic.models.retrieve('claude/demo-t4')).toMatchObject({ id: 'claude/demo-t4', type: 'model' });
  });

  it('has only the models of the key', async () => {
    const { data } = await client(poorKey).models.list({ limit: 1000 });
    expect(data.map(({ id }) => id.split('/')[0])).toEqual(models.map(() => 'openai'));
  });

  it('has the list that Codex needs', async () => {
    const response = await fetch(`${sluice.url()}/models?client_version=1.0.0`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    expect(await response.json()).toMatchObject({ object: 'list', models: [] });
  });

  it("has errors in Anthropic's envelope for its clients", async () => {
    await expect(client().models.list({ limit: 5000 })).rejects.toMatchObject({
      status: 400,
      type: 'invalid_request_error',
    });
  });
});

describe('an error', () => {
  const ask = (fields: object, key = apiKey) =>
    client(key).messages.create({
      model: 'openai/demo-t4',
      max_tokens: 100,
      messages: question,
      ...fields,
    } as Anthropic.MessageCreateParamsNonStreaming);

  it.each<[string, object, number, string, RegExp]>([
    ['a wrong field', { max_tokens: 0 }, 400, 'invalid_request_error', /max_tokens/],
    ['an unknown model', { model: 'none' }, 404, 'not_found_error', /none/],
    [
      'a tool of a server',
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      400,
      'invalid_request_error',
      /'web_search'/,
    ],
    ['the words of Anthropic', { model: 'claude/demo-ctxlen' }, 400, 'invalid_request_error', /prompt is too long/],
    ['a failure of the provider', { model: 'openai/demo-e529' }, 502, 'api_error', /./],
  ])("has Anthropic's envelope: %s", async (_case, fields, status, type, message) => {
    const error: unknown = await ask(fields).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Anthropic.APIError);
    expect(error).toMatchObject({ status, type, requestID: expect.stringMatching(/./) as string });
    expect(String(error)).toMatch(message);
  });

  it('of a wrong key has it too', async () => {
    await expect(ask({}, 'sk-wrong')).rejects.toMatchObject({ status: 401, type: 'authentication_error' });
  });
});
