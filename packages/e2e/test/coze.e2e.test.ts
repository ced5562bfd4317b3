import { until, verifies } from '@sluice/testkit';
import { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { tokensOf } from './traffic.ts';

const botId = '7300000000000000001';
const messages = [{ role: 'user' as const, content: 'rid=x' }];

let sluice: Sluice;
beforeEach(() => sluice.simulator.reset());
beforeAll(async () => {
  const upstream = (id: string, simulatorUrl: string, more: object = {}): object => ({
    id,
    type: 'coze',
    base_url: simulatorUrl,
    credentials: [{ id: 'a', api_key: `pat_${id}` }],
    ...more,
  });
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      retry: { max_attempts: 2, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      timeouts: { total_ms: 10_000 },
      upstreams: [
        upstream('coze', simulatorUrl),
        upstream('lenient', simulatorUrl, { drop_unsupported: true }),
        upstream('polled', simulatorUrl, { options: { delivery: 'poll', user_id: 'tenant' } }),
        upstream('limited', simulatorUrl),
      ],
      models: [
        { id: 'bot-*', targets: [{ upstream: 'coze' }] },
        { id: 'lenient', targets: [{ upstream: 'lenient', model: `${botId}-t2` }] },
        { id: 'limited', targets: [{ upstream: 'limited', model: `bot-${botId}-soft-e429-r60` }] },
        ...['t3-q2', 'studio-two-t2', 't2-i600000', 'action'].map((suffix) => ({
          id: `polled-${suffix}`,
          targets: [{ upstream: 'polled', model: `bot-${botId}-${suffix}` }],
        })),
      ],
    }),
  });
});

type Params = Partial<OpenAI.ChatCompletionCreateParamsNonStreaming>;

const whole = (model: string, more: Params = {}): Promise<OpenAI.ChatCompletion> =>
  sluice.client().chat.completions.create({ model, messages, ...more });

/** Returns the sum of a stream's chunks. */
async function streamed(model: string) {
  const stream = await sluice
    .client()
    .chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
  let content = '';
  let reasoning = '';
  let finishReason: string | null = null;
  let usage: OpenAI.CompletionUsage | null | undefined;
  for await (const chunk of stream) {
    const [choice] = chunk.choices;
    const delta: object = choice?.delta ?? {};
    content += choice?.delta.content ?? '';
    reasoning += 'reasoning_content' in delta ? String(delta.reasoning_content) : '';
    finishReason = choice?.finish_reason ?? finishReason;
    usage = chunk.usage ?? usage;
  }
  return { content, reasoning, finishReason, usage };
}

async function errorOf(answer: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error(`not an API error: ${String(error)}`);
}

/** Returns method and path of each call, without its query. */
const calledPaths = async (): Promise<string[]> =>
  (await sluice.simulator.calls()).map(({ method, path }) => `${method} ${path}`);
const lastBody = async (): Promise<unknown> =>
  JSON.parse((await sluice.simulator.calls()).findLast(({ path }) => path === '/v3/chat')?.body ?? '{}');

describe('a bot of Coze', () => {
  it('answers the official SDK as OpenAI does', verifies('003-19', '003-20', '003-21'), async () => {
    const model = `bot-${botId}-q2-t4`;
    const expected = { content: tokensOf('x', 4), reasoning: 'think0 think1 ' };
    const stream = await streamed(model);
    expect(stream).toMatchObject({ ...expected, finishReason: 'stop', usage: { completion_tokens: 6 } });
    const { choices, usage, id } = await whole(model);
    expect(choices[0]).toMatchObject({
      message: { role: 'assistant', content: expected.content, reasoning_content: expected.reasoning },
      finish_reason: 'stop',
    });
    expect(usage).toEqual(stream.usage);
    expect(id).toMatch(/^chatcmpl-\d{19}$/);
    expect(await calledPaths()).toEqual(['POST /v3/chat', 'POST /v3/chat']);
    expect(await lastBody()).toMatchObject({ bot_id: `${botId}-q2-t4`, stream: true, auto_save_history: false });
  });

  it.each([
    ['studio-t3', tokensOf('x', 3)],
    ['whole-t3', tokensOf('x', 3)],
    ['audio-t3-split', tokensOf('x', 3)],
    ['two-t3', `${tokensOf('x', 3)}\n\nAnd another answer.`],
    ['studio-nodone-t3', tokensOf('x', 3)],
  ])('is read correctly in unusual forms: %s', async (suffix, content) => {
    expect(await streamed(`bot-${botId}-${suffix}`)).toMatchObject({ content, finishReason: 'stop' });
  });

  it('gets images', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'https://images.example/a.png' } };
    await whole(`bot-${botId}-t1`, {
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: [{ type: 'text', text: 'What is it?' }, image] },
      ],
      user: 'ann',
    });
    expect(await lastBody()).toMatchObject({
      user_id: 'ann',
      additional_messages: [
        {
          role: 'user',
          content: JSON.stringify([
            { type: 'text', text: 'Be short.' },
            { type: 'text', text: 'What is it?' },
            { type: 'image', file_url: 'https://images.example/a.png' },
          ]),
        },
      ],
    });
  });

  it('gets the history of tool calls, but does not call tools itself', verifies('003-37'), async () => {
    const history: OpenAI.ChatCompletionMessageParam[] = [
      ...messages,
      {
        role: 'assistant',
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'get', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: '21' },
    ];
    const tools = [{ type: 'function' as const, function: { name: 'get' } }];
    const refusal = await errorOf(whole(`bot-${botId}`, { messages: history, tools }));
    expect(refusal).toBeInstanceOf(OpenAI.BadRequestError);
    expect(refusal).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
    expect(await calledPaths()).toEqual([]);
    const { choices } = await whole('lenient', { messages: history, tools, temperature: 0.5 });
    expect(choices[0]?.finish_reason).toBe('stop');
    expect(await lastBody()).toMatchObject({
      additional_messages: [
        { content: 'rid=x' },
        { role: 'assistant', content: 'Tool call c1: get({})' },
        { role: 'user', content: 'Result of the tool call c1:\n\n21' },
      ],
    });
  });

  it.each([
    ['e404', 404, 'model_not_found'],
    ['ctxlen', 400, 'context_length_exceeded'],
    ['policy', 400, 'content_policy_violation'],
    ['e500', 502, '5000'],
    ['errev', 502, '5000'],
    ['studio-errev-k0', 502, '103100001'],
    ['mute-errev-k0', 502, 'upstream_error'],
    ['action-t0', 502, 'requires_action'],
    ['canceled-t0', 502, 'canceled'],
    ['cut', 502, 'upstream_truncated'],
    ['badjson', 502, 'upstream_malformed'],
    ['html', 502, 'upstream_malformed'],
  ])('that fails is a %s to the SDK with status %i and code %s', async (suffix, status, code) => {
    const error = await errorOf(whole(`bot-${botId}-${suffix}`));
    expect([error.status, error.code]).toEqual([status, code]);
  });

  it.each(['busy0-n1', 'soft-busy0-n1', 'e500-n1', 'errev-k0-n1'])('that fails once is retried: %s', async (suffix) => {
    expect(await streamed(`bot-${botId}-${suffix}-t2`)).toMatchObject({ content: tokensOf('x', 2) });
    expect(await calledPaths()).toEqual(['POST /v3/chat', 'POST /v3/chat']);
  });

  it('that limits its rate is a 429, also when it answers with status 200', async () => {
    const error = await errorOf(whole('limited'));
    expect(error).toBeInstanceOf(OpenAI.RateLimitError);
    expect(error).toMatchObject({ code: 'upstream_rate_limited' });
  });

  it('gets a cancel request when its client leaves', async () => {
    const stream = await sluice
      .client()
      .chat.completions.create({ model: `bot-${botId}-t1000-i100`, messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content !== undefined) break;
    stream.controller.abort();
    const calls = await until(
      async () => {
        const all = await sluice.simulator.calls();
        return all.length === 2 && all.every(({ outcome }) => outcome !== 'open') && all;
      },
      { what: 'the chat to be cancelled' },
    );
    expect(calls.map(({ path, outcome, status }) => [path, outcome, status])).toEqual([
      ['/v3/chat', 'aborted', 200],
      ['/v3/chat/cancel', 'finished', 200],
    ]);
  });
});

describe('a polled bot of Coze', () => {
  const paths = ['POST /v3/chat', 'GET /v3/chat/retrieve', 'GET /v3/chat/message/list'];

  it('answers as a streaming one does', verifies('003-19'), async () => {
    const expected = { content: tokensOf('x', 3), reasoning: 'think0 think1 ' };
    const { choices, usage } = await whole('polled-t3-q2');
    expect(choices[0]?.message).toMatchObject({ content: expected.content, reasoning_content: expected.reasoning });
    expect(await calledPaths()).toEqual(paths);
    expect(await lastBody()).toMatchObject({ stream: false, auto_save_history: true, user_id: 'tenant' });
    expect(await streamed('polled-t3-q2')).toEqual({ ...expected, finishReason: 'stop', usage });
  });

  it('may run in a Studio and answer twice', async () => {
    const { choices } = await whole('polled-studio-two-t2');
    expect(choices[0]?.message.content).toBe(`${tokensOf('x', 2)}\n\nAnd another answer.`);
  });

  it('is cancelled when its client leaves', async () => {
    const controller = new AbortController();
    const answer = sluice
      .client()
      .chat.completions.create({ model: 'polled-t2-i600000', messages }, { signal: controller.signal });
    const left = answer.catch((error: unknown) => error);
    await until(async () => (await calledPaths()).length >= 2, { what: 'the chat to be polled' });
    controller.abort();
    expect(await left).toBeInstanceOf(OpenAI.APIUserAbortError);
    const cancel = await until(
      async () =>
        (await sluice.simulator.calls()).find(({ path, status }) => path.endsWith('/cancel') && status === 200),
      { what: 'the chat to be cancelled' },
    );
    expect(JSON.parse(cancel.body)).toEqual({
      conversation_id: expect.stringMatching(/^\d{19}$/) as string,
      chat_id: expect.stringMatching(/^\d{19}$/) as string,
    });
  });

  it('that waits for an action of its caller fails, and is cancelled', async () => {
    const error = await errorOf(whole('polled-action'));
    expect(error).toMatchObject({ status: 502, code: 'requires_action' });
    expect(error.message).toContain('waits for the result of a tool');
    expect(await calledPaths()).toEqual(['POST /v3/chat', 'GET /v3/chat/retrieve', 'POST /v3/chat/cancel']);
  });
});
