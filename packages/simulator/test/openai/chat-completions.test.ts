import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { clientOf, requestFor, simulate } from '../simulate.ts';
import { dataOf } from '../raw-answer.ts';
import { callRaw } from '../raw-call.ts';

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 3 }, unit: { enum: ['c', 'f'] } },
      required: ['city', 'days', 'unit'],
    },
  },
} satisfies OpenAI.ChatCompletionTool;
const clock = { type: 'function', function: { name: 'get_time' } } satisfies OpenAI.ChatCompletionTool;

const noDetails = {
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 0,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
} satisfies Partial<OpenAI.CompletionUsage>;

/** Size of `[{"role":"user","content":"rid=r1"}]`: 36 bytes. */
const promptTokens = 9;

describe('a whole completion', () => {
  it('has OpenAI’s shape, field by field', async () => {
    const client = clientOf(await simulate());
    const completion = await client.chat.completions.create(requestFor('demo-t2', 'rid=r1'));
    expect(completion).toEqual({
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{16}$/) as string,
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'demo-t2',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'r1.0 r1.1 ', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: promptTokens, completion_tokens: 2, total_tokens: promptTokens + 2, ...noDetails },
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
    } satisfies OpenAI.ChatCompletion);
  });

  it('has n choices that differ, and counts the tokens of all', async () => {
    const client = clientOf(await simulate());
    const { choices, usage } = await client.chat.completions.create({ ...requestFor('demo-t5'), n: 2 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1]);
    expect(choices[0]?.message.content).not.toBe(choices[1]?.message.content);
    expect(usage?.completion_tokens).toBe(10);
  });

  it.each([{ max_tokens: 3 }, { max_completion_tokens: 3 }, { max_completion_tokens: 3, max_tokens: 9 }])(
    'is truncated by %j',
    async (limit) => {
      const client = clientOf(await simulate());
      const { choices, usage } = await client.chat.completions.create({ ...requestFor('demo', 'rid=r1'), ...limit });
      expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'r1.0 r1.1 r1.2 ' } });
      expect(usage?.completion_tokens).toBe(3);
    },
  );

  it('is whole if max_tokens equals its length', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({ ...requestFor('demo-t4'), max_tokens: 4 });
    expect(choices[0]?.finish_reason).toBe('stop');
  });

  it('contains reasoning separate from content', async () => {
    const client = clientOf(await simulate());
    const { choices, usage } = await client.chat.completions.create(requestFor('demo-t2-q3', 'rid=r1'));
    expect(choices[0]?.message).toMatchObject({ content: 'r1.0 r1.1 ', reasoning_content: 'think0 think1 think2 ' });
    expect(usage).toMatchObject({ completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 3 } });
  });

  it('is the same text for the same request and another text for another request', async () => {
    const client = clientOf(await simulate());
    const ask = async (content: string): Promise<unknown> =>
      client.chat.completions.create(requestFor('demo-t30', content));
    expect(await ask('hello')).toEqual(await ask('hello'));
    expect(await ask('hello')).not.toEqual(await ask('hallo'));
  });

  it('reads like lorem ipsum', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create(requestFor('demo'));
    expect(choices[0]?.message.content).toMatch(/^([A-Z][a-z]+( [a-z]+){7}\. ){2}$/);
  });

  it('finds the rid in the text parts of the last user message', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({
      model: 'demo-t1',
      messages: [
        { role: 'user', content: 'rid=old' },
        { role: 'user', content: [{ type: 'text', text: 'grid=3 and rid=new-1.' }] },
        { role: 'assistant', content: 'rid=no' },
      ],
    });
    expect(choices[0]?.message.content).toBe('new-1.0 ');
  });

  it.each([
    ['as the last message', []],
    ['before a user message that asks for more', [{ role: 'user' as const, content: 'Continue exactly there.' }]],
  ])('continues an answer %s', async (_name, more) => {
    const client = clientOf(await simulate());
    const { id, choices } = await client.chat.completions.create({
      model: 'demo-t5',
      max_tokens: 2,
      messages: [{ role: 'user', content: 'rid=a' }, { role: 'assistant', content: 'a.0 a.1 ' }, ...more],
    });
    expect(choices[0]).toMatchObject({ message: { content: 'a.2 a.3 ' }, finish_reason: 'length' });
    const first = await client.chat.completions.create(requestFor('demo-t5', 'rid=a'));
    expect(first.id).toBe(id);
  });

  it('pads tokens and makes them multi-byte on request', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create(requestFor('demo-t2-s3-utf8', 'rid=r1'));
    expect(choices[0]?.message.content).toBe('r1.0.你好😀xxx r1.1.你好😀xxx ');
  });
});

describe('a streamed completion', () => {
  it('has OpenAI’s events, field by field', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t1', {
      body: { messages: [{ role: 'user', content: 'rid=r1' }], stream_options: { include_usage: true } },
    }).finish();
    const head = {
      id: expect.stringMatching(/^chatcmpl-[0-9a-f]{16}$/) as string,
      object: 'chat.completion.chunk',
      created: 1_700_000_000,
      model: 'demo-t1',
      service_tier: 'default',
      system_fingerprint: 'fp_simulator',
      usage: null,
    } as const;
    const expected: OpenAI.ChatCompletionChunk[] = [
      {
        ...head,
        choices: [
          {
            index: 0,
            delta: { role: 'assistant', content: '', refusal: null },
            logprobs: null,
            finish_reason: null,
          },
        ],
      },
      { ...head, choices: [{ index: 0, delta: { content: 'r1.0 ' }, logprobs: null, finish_reason: null }] },
      { ...head, choices: [{ index: 0, delta: {}, logprobs: null, finish_reason: 'stop' }] },
      {
        ...head,
        choices: [],
        usage: { prompt_tokens: promptTokens, completion_tokens: 1, total_tokens: promptTokens + 1, ...noDetails },
      },
    ];
    const data = dataOf(answer);
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(data.at(-1)).toBe('[DONE]');
    expect(data.slice(0, -1).map((json) => JSON.parse(json) as unknown)).toEqual(expected);
  });

  it('has no usage field if none was requested', async () => {
    const answer = await callRaw(await simulate(), 'demo-t2').finish();
    expect(answer.body.toString()).not.toContain('usage');
  });

  it('has the same content as the whole one', async () => {
    const client = clientOf(await simulate());
    const request = { ...requestFor('demo-t40-s2-utf8'), n: 2, max_tokens: 30 };
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions
      .stream({ ...request, stream_options: { include_usage: true } })
      .finalChatCompletion();
    expect(streamed.choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual(
      whole.choices.map(({ message, finish_reason }) => [message.content, finish_reason]),
    );
    expect(streamed.usage).toEqual(whole.usage);
  });

  it('is the same bytes for the same request', async () => {
    const simulator = await simulate();
    const ask = async (): Promise<string> => (await callRaw(simulator, 'demo-t40').finish()).body.toString();
    expect(await ask()).toBe(await ask());
  });

  it('sends reasoning first', async () => {
    const answer = await callRaw(await simulate(), 'demo-t1-q2').finish();
    const deltas = dataOf(answer)
      .slice(0, -1)
      .map((json) => (JSON.parse(json) as OpenAI.ChatCompletionChunk).choices[0]?.delta ?? {});
    expect(deltas.map((delta) => Object.keys(delta).at(-1))).toEqual([
      'refusal',
      'reasoning_content',
      'reasoning_content',
      'content',
      undefined,
    ]);
  });
});

describe('a tool call', () => {
  const request = { ...requestFor('demo', 'weather?'), tools: [clock, weather] };

  it('is a call of the first tool, with arguments that fit its schema', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({ ...request, tools: [weather, clock] });
    expect(choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        refusal: null,
        annotations: [],
        tool_calls: [
          {
            id: expect.stringMatching(/^call_[0-9a-f]{24}$/) as string,
            type: 'function',
            function: { name: 'get_weather', arguments: '{"city":"lorem","days":3,"unit":"c"}' },
          },
        ],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    } satisfies OpenAI.ChatCompletion.Choice);
  });

  it.each<[string, OpenAI.ChatCompletionToolChoiceOption, string]>([
    ['the first if one is required', 'required', 'get_time'],
    ['the first if the choice is free', 'auto', 'get_time'],
    ['the named one', { type: 'function', function: { name: 'get_weather' } }, 'get_weather'],
    [
      'the first allowed one',
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_weather' } }] },
      },
      'get_weather',
    ],
  ])('is of %s', async (_, toolChoice, name) => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({ ...request, tool_choice: toolChoice });
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name } }]);
  });

  it('is not made if tools are forbidden', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({ ...request, tool_choice: 'none' });
    expect(choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: /\w/ } });
  });

  it('is streamed in fragments, the first of which contains its name', async () => {
    const client = clientOf(await simulate());
    const stream = await client.chat.completions.create({ ...request, tools: [weather], stream: true });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    const fragments = chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
    expect(fragments[0]).toEqual({
      index: 0,
      id: expect.stringMatching(/^call_/) as string,
      type: 'function',
      function: { name: 'get_weather', arguments: '' },
    } satisfies OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall);
    expect(fragments.length).toBeGreaterThan(4);
    for (const fragment of fragments.slice(1)) {
      expect(fragment).toEqual({ index: 0, function: { arguments: expect.any(String) as string } });
    }
    expect(fragments.map((fragment) => fragment.function?.arguments).join('')).toBe(
      '{"city":"lorem","days":3,"unit":"c"}',
    );
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
  });

  it('comes twice in parallel on request, whole and streamed', async () => {
    const client = clientOf(await simulate());
    const parallel = { ...request, model: 'demo-parallel' };
    const whole = await client.chat.completions.create(parallel);
    const streamed = await client.chat.completions.stream(parallel).finalChatCompletion();
    const calls = whole.choices[0]?.message.tool_calls ?? [];
    expect(calls).toMatchObject([
      { function: { name: 'get_time', arguments: '{}' } },
      { function: { name: 'get_weather', arguments: '{"city":"ipsum","days":3,"unit":"c"}' } },
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(streamed.choices[0]?.message.tool_calls).toMatchObject(calls);
  });

  it('comes twice with a single tool, and once if the request forbids parallel calls', async () => {
    const client = clientOf(await simulate());
    const parallel = { ...request, model: 'demo-parallel', tools: [weather] };
    const both = await client.chat.completions.create(parallel);
    expect(both.choices[0]?.message.tool_calls).toHaveLength(2);
    const one = await client.chat.completions.create({ ...parallel, parallel_tool_calls: false });
    expect(one.choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('is answered in text after its result', async () => {
    const client = clientOf(await simulate());
    const first = await client.chat.completions.create(request);
    const message = first.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (!message || !call) throw new Error('there is no tool call');
    const second = await client.chat.completions.create({
      ...request,
      messages: [...request.messages, message, { role: 'tool', tool_call_id: call.id, content: '12:00' }],
    });
    expect(second.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: /\w/ } });
  });

  it('completes the SDK’s own tool loop', async () => {
    const client = clientOf(await simulate());
    const seen: unknown[] = [];
    const runner = client.chat.completions.runTools({
      ...requestFor('demo-t2', 'rid=r1'),
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'note',
            description: '',
            parameters: weather.function.parameters,
            parse: JSON.parse,
            function: (input: unknown) => void seen.push(input),
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('r1.0 r1.1 ');
    expect(seen).toEqual([{ city: 'lorem', days: 3, unit: 'c' }]);
  });

  it('is truncated by max_tokens like text', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({ ...request, tools: [weather], max_tokens: 2 });
    expect(choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { tool_calls: [{ function: { arguments: '{"city' } }] },
    });
  });
});

describe('an answer in JSON', () => {
  const schema = {
    type: 'object',
    properties: { joke: { type: 'string' }, rating: { type: 'integer', minimum: 5, maximum: 10 } },
    required: ['joke', 'rating'],
    additionalProperties: false,
  };

  it('matches the schema, whole and streamed', async () => {
    const client = clientOf(await simulate());
    const request = {
      ...requestFor('demo'),
      response_format: { type: 'json_schema', json_schema: { name: 'joke', schema, strict: true } },
    } as const;
    const whole = await client.chat.completions.create(request);
    const streamed = await client.chat.completions.stream(request).finalContent();
    expect(JSON.parse(whole.choices[0]?.message.content ?? '')).toEqual({ joke: 'lorem ipsum', rating: 5 });
    expect(streamed).toBe(whole.choices[0]?.message.content);
  });

  it('is an object if there is no schema', async () => {
    const client = clientOf(await simulate());
    const { choices } = await client.chat.completions.create({
      ...requestFor('demo'),
      response_format: { type: 'json_object' },
    });
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ answer: 'lorem ipsum' });
  });
});
