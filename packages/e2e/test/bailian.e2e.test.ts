import { until, verifies } from '@sluice/testkit';
import OpenAI from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice } from './sluice.ts';
import { openStream, readAnswer, tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => {
      const upstream = (id: string, options: object): object => ({
        id,
        type: 'bailian',
        base_url: simulatorUrl,
        options,
        credentials: [{ id: 'a', api_key: `tok-${id}` }],
      });
      const model = (id: string, upstreamId: string, name?: string): object => ({
        id,
        targets: [{ upstream: upstreamId, ...(name === undefined ? {} : { model: name }) }],
      });
      return {
        retry: { max_attempts: 2, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
        timeouts: { first_token_ms: 600, idle_ms: 600, total_ms: 20_000 },
        upstreams: [
          upstream('apps', {}),
          upstream('thinking', { thoughts: true }),
          upstream('cumulative', { incremental: false }),
          upstream('one', { app_id: 'foreign-fixed-t3', workspace: 'ws-1' }),
          upstream('plain', { mode: 'compatible' }),
        ],
        models: [
          model('thinking', 'thinking', 'app-t2-q3'),
          model('cumulative', 'cumulative', 'app-t3-utf8-split'),
          model('gpt-3.5-turbo', 'one'),
          model('qwen*', 'plain'),
          model('*', 'apps'),
        ],
      };
    },
  });
});
beforeEach(() => sluice.simulator.reset());

/** The chunks of a stream, as the SDK reads them. */
async function chunksOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<OpenAI.ChatCompletionChunk[]> {
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const member = (holder: object | undefined, name: string): unknown =>
  holder === undefined ? undefined : Reflect.get(holder, name);
const lastBody = async (): Promise<unknown> => JSON.parse((await sluice.simulator.calls()).at(-1)?.body ?? '');
const failureOf = async (answer: Promise<unknown>): Promise<unknown> =>
  answer.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the official SDK at an application', () => {
  it('gets a whole answer', verifies('002-01', '002-02', '002-03', '002-34'), async () => {
    const completion = await sluice.client().chat.completions.create(ask('app-t3', 'rid=x'));
    expect(completion).toMatchObject({
      object: 'chat.completion',
      model: 'sim-writer',
      choices: [{ message: { role: 'assistant', content: tokensOf('x', 3) }, finish_reason: 'stop' }],
      usage: { completion_tokens: 3 },
    });
  });

  it.each([
    ['app-t3', 'x.0 x.1 x.2 '],
    ['packed-app-t3', 'x.0 x.1 x.2 '],
    ['app-t3-nodone-crlf', 'x.0 x.1 x.2 '],
  ])('gets a stream of %s', verifies('002-04'), async (model, text) => {
    const stream = await sluice
      .client()
      .chat.completions.create({ ...ask(model, 'rid=x'), stream: true, stream_options: { include_usage: true } });
    const chunks = await chunksOf(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(text);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)?.usage).toMatchObject({ completion_tokens: 3 });
  });

  it('gets the same text where frames repeat it', async () => {
    const client = sluice.client();
    const chunks = await chunksOf(await client.chat.completions.create({ ...ask('cumulative'), stream: true }));
    const whole = await client.chat.completions.create(ask('cumulative'));
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');
    expect(text).toBe(whole.choices[0]?.message.content);
    expect(text).not.toBe('');
  });

  it('gets the configured application, whatever name the model has', verifies('002-05', '002-25'), async () => {
    const completion = await sluice.client().chat.completions.create({
      model: 'gpt-3.5-turbo',
      messages: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: 'rid=x' },
      ],
      temperature: 0.7,
      max_tokens: 1000,
      stream: false,
    });
    expect(completion.choices[0]?.message.content).toBe(tokensOf('x', 3));
    expect(await sluice.simulator.calls()).toMatchObject([{ path: '/api/v1/apps/foreign-fixed-t3/completion' }]);
    expect(await lastBody()).toMatchObject({ parameters: { temperature: 0.7, max_tokens: 1000 } });
  });

  it('gets reasoning beside the text', async () => {
    const client = sluice.client();
    const { choices, usage } = await client.chat.completions.create(ask('thinking', 'rid=x'));
    expect(choices[0]?.message).toMatchObject({ content: 'x.0 x.1 ', reasoning_content: 'think0 think1 think2 ' });
    expect(usage).toMatchObject({ completion_tokens: 5 });
    const chunks = await chunksOf(await client.chat.completions.create({ ...ask('thinking'), stream: true }));
    const reasoning = chunks.map((chunk) => member(chunk.choices[0]?.delta, 'reasoning_content'));
    expect(reasoning.filter((piece) => piece !== undefined)).toEqual(['think0 ', 'think1 ', 'think2 ']);
  });

  it('waits for a model that reasons in silence for longer than the idle time-out', async () => {
    const stream = await sluice
      .client()
      .chat.completions.create({ ...ask('app-t1-q50-i30', 'rid=x'), stream: true }, { maxRetries: 0 });
    const chunks = await chunksOf(stream);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('x.0 ');
    expect((await sluice.simulator.stats()).total).toBe(1);
  });

  it('continues a session', async () => {
    const client = sluice.client();
    const first = await client.chat.completions.create(ask('app-t1', 'rid=x'));
    const session = member(first.choices[0]?.message, 'session_id');
    expect(session).toMatch(/^session/);
    const turn: OpenAI.ChatCompletionCreateParamsStreaming & { session_id: unknown } = {
      model: 'app-t1',
      messages: [
        { role: 'user', content: 'rid=x' },
        ...first.choices.map(({ message }) => message),
        { role: 'user', content: 'rid=y' },
      ],
      stream: true,
      session_id: session,
    };
    const chunks = await chunksOf(await client.chat.completions.create(turn));
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe('y.0 ');
    expect(chunks.some(({ choices }) => member(choices[0]?.delta, 'session_id') === session)).toBe(true);
    expect(await lastBody()).toMatchObject({ input: { prompt: 'rid=y', session_id: session } });
  });

  it('sends it an image by its URL', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'https://images.example/1.png' } };
    const content = [{ type: 'text' as const, text: 'rid=x' }, image];
    await sluice.client().chat.completions.create({ model: 'app-t1', messages: [{ role: 'user', content }] });
    expect(await lastBody()).toMatchObject({ input: { prompt: 'rid=x', image_list: [image.image_url.url] } });
  });

  it('gets an error for tools, which an application does not take', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    const error = await failureOf(sluice.client().chat.completions.create({ ...ask('app-t1'), tools }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'tools' });
    expect((await sluice.simulator.stats()).total).toBe(0);
  });

  it.each([
    ['app-policy', OpenAI.BadRequestError, 400],
    ['app-ctxlen', OpenAI.BadRequestError, 400],
    ['app-e500', OpenAI.InternalServerError, 502],
  ])('gets the error of %s in its own class', verifies('002-08'), async (model, errorClass, status) => {
    const client = sluice.client();
    for (const stream of [false, true]) {
      const error = await failureOf(client.chat.completions.create({ ...ask(model), stream }, { maxRetries: 0 }));
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject({ status });
    }
  });

  it('never gets a broken answer for a complete one', async () => {
    const answer = await openStream(sluice, { model: 'app-t5-cut', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toMatchObject({ isDone: false, errorCode: 'upstream_truncated' });
    const whole = await failureOf(sluice.client().chat.completions.create(ask('app-t5-cut'), { maxRetries: 0 }));
    expect(whole).toMatchObject({ status: 502, code: 'upstream_truncated' });
  });

  it('leaves, and the call to the application is aborted', async () => {
    const stream = await sluice.client().chat.completions.create({ ...ask('app-t2000-i20'), stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    stream.controller.abort();
    await until(async () => (await sluice.simulator.stats()).aborted === 1, { what: 'the call to be aborted' });
    expect((await sluice.simulator.stats()).total).toBe(1);
  });
});

describe('the official SDK at a plain model', () => {
  it('gets the answers of OpenAI’s protocol', verifies('002-13', '002-30'), async () => {
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    const completion = await sluice.client().chat.completions.create({ ...ask('qwen-plus'), tools });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ function: { name: 'f' } }] },
    });
    expect(await sluice.simulator.calls()).toMatchObject([{ path: '/compatible-mode/v1/chat/completions' }]);
  });

  it('gets embeddings, which an application does not have', async () => {
    const client = sluice.client();
    const { data } = await client.embeddings.create({ model: 'qwen-embedding', input: ['a', 'b'], dimensions: 8 });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
    const [call] = await sluice.simulator.calls();
    expect(call).toMatchObject({ path: '/compatible-mode/v1/embeddings' });
    expect(JSON.parse(call?.body ?? '')).toMatchObject({ encoding_format: 'float' });
    const error = await failureOf(client.embeddings.create({ model: 'app-t1', input: 'a' }, { maxRetries: 0 }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
  });
});
