import { type CallRecord, until, verifies } from '@sluice/testkit';
import {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  type OpenAI,
  RateLimitError,
} from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, textOf } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      retry: { max_attempts: 2, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      timeouts: { total_ms: 10_000 },
      upstreams: ['sim', 'limited'].map((id) => ({
        id,
        type: 'gemini',
        base_url: `${simulatorUrl}/v1beta`,
        credentials: [{ id: 'a', api_key: `tok-${id}-a` }],
      })),
      models: [
        { id: 'limited', targets: [{ upstream: 'limited', model: 'demo-e429-r60' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const create = (body: OpenAI.ChatCompletionCreateParamsNonStreaming) => sluice.client().chat.completions.create(body);
const stream = (body: Omit<OpenAI.ChatCompletionCreateParamsStreaming, 'stream'>) =>
  sluice.client().chat.completions.create({ ...body, stream: true });

/** Returns the last call that the provider received. */
async function lastCall(): Promise<CallRecord & { readonly asked: Readonly<Record<string, unknown>> }> {
  const call = (await sluice.simulator.calls()).at(-1);
  if (call === undefined) throw new Error('the provider was not called');
  return { ...call, asked: JSON.parse(call.body) as Readonly<Record<string, unknown>> };
}

function reasoningOf(from: object = {}): string {
  const reasoning: unknown = Reflect.get(from, 'reasoning_content');
  return typeof reasoning === 'string' ? reasoning : '';
}

describe('the official Node SDK, of a model of Gemini,', () => {
  it('gets the same text in one piece and as a stream, with its usage', verifies('003-02', '003-04'), async () => {
    const whole = await create(ask('gemini-2.0-flash-t12', 'rid=one'));
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: tokensOf('one', 12) } });
    expect(whole.usage).toMatchObject({ completion_tokens: 12, prompt_tokens: expect.any(Number) });
    const usages: unknown[] = [];
    let text = '';
    const body = { ...ask('gemini-2.0-flash-t12', 'rid=one'), stream_options: { include_usage: true } };
    for await (const chunk of await stream(body)) {
      text += chunk.choices[0]?.delta.content ?? '';
      if (chunk.usage) usages.push(chunk.usage.completion_tokens);
    }
    expect([text, usages]).toEqual([tokensOf('one', 12), [12]]);
  });

  it('never has its key in a URL', async () => {
    await textOf(await stream(ask('gemini-2.0-flash-t1')));
    const { path, headers, credential } = await lastCall();
    expect(path).toBe('/v1beta/models/gemini-2.0-flash-t1:streamGenerateContent');
    expect([credential, headers['x-goog-api-key'], headers['authorization']]).toEqual([
      'tok-sim-a',
      'tok-sim-a',
      undefined,
    ]);
  });

  it('gets reasoning apart from the answer', async () => {
    const { choices, usage } = await create({ ...ask('gemini-2.5-flash-q2-t3', 'rid=x'), reasoning_effort: 'low' });
    expect(choices[0]?.message.content).toBe(tokensOf('x', 3));
    expect(reasoningOf(choices[0]?.message)).toBe('think0 think1 ');
    expect(usage).toMatchObject({ completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 } });
    expect((await lastCall()).asked).toMatchObject({
      generationConfig: { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } },
    });
    let reasoning = '';
    for await (const chunk of await stream(ask('gemini-3-flash-q2-t3'))) {
      reasoning += reasoningOf(chunk.choices[0]?.delta);
    }
    expect(reasoning).toBe('think0 think1 ');
  });

  const weather: OpenAI.ChatCompletionTool = {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  };
  const question: OpenAI.ChatCompletionMessageParam = { role: 'user', content: 'How is the weather in Oslo?' };
  const resultsOf = (calls: readonly OpenAI.ChatCompletionMessageToolCall[]): OpenAI.ChatCompletionMessageParam[] =>
    calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: 'rain' }));

  it('makes a round trip with two tool calls at once, in one piece', async () => {
    const model = 'gemini-3-pro-parallel';
    const [choice] = (await create({ model, messages: [question], tools: [weather] })).choices;
    const calls = choice?.message.tool_calls ?? [];
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(calls.map((call) => call.type === 'function' && [call.function.name, call.function.arguments])).toEqual([
      ['get_weather', '{"city":"lorem"}'],
      ['get_weather', '{"city":"ipsum"}'],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    if (choice === undefined) return;
    const second = await create({ model, messages: [question, choice.message, ...resultsOf(calls)], tools: [weather] });
    expect(second.choices[0]?.message.content).toMatch(/\w/);
    const { asked } = await lastCall();
    expect(asked['contents']).toMatchObject([
      { role: 'user' },
      { role: 'model', parts: [{ thoughtSignature: expect.stringMatching(/^[A-Za-z0-9+/=]{20,}$/) }, {}] },
      { role: 'user', parts: calls.map(({ id }) => ({ functionResponse: { id, name: 'get_weather' } })) },
    ]);
  });

  it('makes a round trip as a stream, even where its client keeps no signatures', async () => {
    const model = 'gemini-3-pro';
    const runner = sluice.client().chat.completions.stream({ model, messages: [question], tools: [weather] });
    const { tool_calls: calls = [] } = await runner.finalMessage();
    const bare = calls.flatMap(({ id, ...call }) =>
      call.type === 'function' ? [{ id, type: call.type, function: call.function }] : [],
    );
    expect(bare).toHaveLength(1);
    const messages: OpenAI.ChatCompletionMessageParam[] = [
      question,
      { role: 'assistant', tool_calls: bare },
      ...resultsOf(calls),
    ];
    expect(await textOf(await stream({ model, messages, tools: [weather] }))).toMatch(/\w/);
  });

  it('can require a tool call', async () => {
    await create({
      ...ask('gemini-2.0-flash'),
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    });
    expect((await lastCall()).asked['toolConfig']).toEqual({
      functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['get_weather'] },
    });
  });

  it('sends instructions and images', async () => {
    const url = 'data:image/png;base64,iVBORw0KGgo=';
    await create({
      model: 'gemini-2.0-flash-t1',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ],
    });
    const { asked } = await lastCall();
    expect(asked['systemInstruction']).toEqual({ parts: [{ text: 'Be brief.' }] });
    expect(asked['contents']).toEqual([
      {
        role: 'user',
        parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }],
      },
    ]);
  });

  it('gets JSON by a schema', async () => {
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const format = { type: 'json_schema', json_schema: { name: 'answer', schema } } as const;
    const { choices } = await create({ ...ask('gemini-2.0-flash'), response_format: format });
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ ok: expect.any(Boolean) });
  });

  it('sees that an answer was cut off', async () => {
    const { choices } = await create({ ...ask('gemini-2.0-flash-t9'), max_completion_tokens: 2 });
    expect(choices[0]?.finish_reason).toBe('length');
  });
});

describe.each([
  ['in one piece', false],
  ['as a stream', true],
])('an answer of Gemini %s', (_how, isStream) => {
  const failureOf = (model: string, fields: object = {}): Promise<unknown> => {
    const asked = isStream ? stream({ ...ask(model), ...fields }).then(textOf) : create({ ...ask(model), ...fields });
    return asked.then(
      () => 'no failure',
      (error: unknown) => (error instanceof APIError ? [error.constructor.name, error.status, error.code] : error),
    );
  };

  it.each<[string, string, number, string]>([
    ['demo-e500', InternalServerError.name, 502, 'upstream_error'],
    ['demo-e503', InternalServerError.name, 502, 'upstream_error'],
    ['demo-html', InternalServerError.name, 502, 'upstream_malformed'],
    ['demo-e400', BadRequestError.name, 400, 'upstream_rejected'],
    ['demo-ctxlen', BadRequestError.name, 400, 'context_length_exceeded'],
    ['demo-policy', BadRequestError.name, 400, 'content_policy_violation'],
    ['demo-e404', NotFoundError.name, 404, 'model_not_found'],
    ['demo-errev-k0', InternalServerError.name, 502, 'upstream_error'],
    ['limited', RateLimitError.name, 429, 'upstream_rate_limited'],
  ])('that fails as %s is thrown as %s', async (model, name, status, code) => {
    expect(await failureOf(model)).toEqual([name, status, code]);
  });

  it('that the provider does not support is refused before an attempt', async () => {
    expect(await failureOf('demo-t1', { n: 2 })).toEqual([BadRequestError.name, 400, 'unsupported_parameter']);
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it('is not for every key', async () => {
    const client = sluice.client({ apiKey: 'sk-unknown' });
    await expect(client.chat.completions.create({ ...ask('demo'), stream: isStream })).rejects.toThrow(
      AuthenticationError,
    );
  });

  it('whose client leaves costs nothing more', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const body = { ...ask('demo-t1000-i50'), stream: isStream };
    const over = sluice
      .client()
      .chat.completions.create(body, { signal })
      .then(async (answer) => ('controller' in answer ? textOf(answer) : 'a whole answer'))
      .catch((error: unknown) => error);
    await until(async () => (await sluice.simulator.stats()).open === 1, { what: 'the provider to be called' });
    controller.abort();
    expect(await over).not.toBe('a whole answer');
    await until(async () => (await sluice.simulator.calls())[0]?.outcome === 'aborted', {
      what: 'the provider to be closed',
    });
    expect((await sluice.simulator.stats()).aborted).toBe(1);
  });
});

describe('a stream of Gemini', () => {
  const outcomeOf = async (model: string): Promise<unknown> =>
    textOf(await stream(ask(model, 'rid=y'))).catch((error: unknown) => error);

  it.each(['crlf', 'split', 'utf8', 'ping', 'each', 'nodone'])('is whole in every framing: %s', async (directive) => {
    const filler = directive === 'utf8' ? '.你好😀' : '';
    expect(await outcomeOf(`demo-t4-${directive}`)).toBe(tokensOf('y', 4).replaceAll(' ', `${filler} `));
  });

  it.each(['errev', 'cut', 'half', 'badjson', 'reset', 'close'])(
    'that breaks off with %s never looks complete',
    async (fault) => {
      expect(await outcomeOf(`demo-t9-${fault}-k3`)).toBeInstanceOf(APIError);
    },
  );
});
