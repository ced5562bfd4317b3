import { until, verifies } from '@sluice/testkit';
import { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice, textOf } from './sluice.ts';
import { tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeEach(() => sluice.simulator.reset());

const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const question = [{ role: 'user' as const, content: 'rid=x' }];
const image = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

/** Returns the last body that the simulator received. */
async function lastBody(): Promise<Record<string, unknown>> {
  const call = (await sluice.simulator.calls()).at(-1);
  expect(call?.path).toBe('/api/chat');
  return JSON.parse(call?.body ?? '') as Record<string, unknown>;
}

describe('an Ollama upstream', () => {
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: (simulatorUrl) => ({
        retry: { max_attempts: 1 },
        upstreams: [
          { id: 'native', type: 'ollama', base_url: simulatorUrl, options: { num_ctx: 8192, keep_alive: '10m' } },
          {
            id: 'compatible',
            type: 'ollama',
            base_url: `${simulatorUrl}/v1`,
            credentials: [{ id: 'a', api_key: 'not-needed' }],
          },
        ],
        models: [
          { id: 'compatible', targets: [{ upstream: 'compatible', model: 'demo-t3' }] },
          { id: '*', targets: [{ upstream: 'native' }] },
        ],
      }),
    });
  });

  it('answers the official SDK, whole and as a stream', verifies('003-02'), async () => {
    const { chat } = sluice.client();
    const whole = await chat.completions.create({ model: 'demo-t3', messages: question, max_tokens: 2 });
    expect(whole.choices[0]).toMatchObject({ message: { content: tokensOf('x', 2) }, finish_reason: 'length' });
    expect(whole.usage).toMatchObject({ completion_tokens: 2 });
    expect(await lastBody()).toMatchObject({
      stream: false,
      options: { num_predict: 2, num_ctx: 8192 },
      keep_alive: '10m',
    });
    const stream = await chat.completions.create({ model: 'demo-t3', messages: question, stream: true });
    expect(await textOf(stream)).toBe(tokensOf('x', 3));
    expect((await sluice.simulator.calls()).map(({ credential }) => credential)).toEqual(['', '']);
  });

  it('speaks the compatible protocol under /v1', verifies('003-32'), async () => {
    const stream = await sluice
      .client()
      .chat.completions.create({ model: 'compatible', messages: question, stream: true });
    expect(await textOf(stream)).toBe(tokensOf('x', 3));
    expect((await sluice.simulator.calls()).map(({ path }) => path)).toEqual(['/v1/chat/completions']);
  });

  it('gets tool calls and their results', async () => {
    const client = sluice.client();
    const runner = client.chat.completions.stream({ model: 'demo-parallel', messages: question, tools: [weather] });
    const { message, finish_reason: reason } = (await runner.finalChatCompletion()).choices[0] ?? {};
    expect(reason).toBe('tool_calls');
    const calls = (message?.tool_calls ?? []).filter((call) => call.type === 'function');
    expect(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)])).toEqual([
      ['weather', { city: expect.any(String) as string }],
      ['weather', { city: expect.any(String) as string }],
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'cold' }));
    const messages = [...question, { role: 'assistant' as const, tool_calls: calls }, ...results];
    const answer = await client.chat.completions.create({ model: 'demo-t2', messages, tools: [weather] });
    expect(answer.choices[0]).toMatchObject({ message: { content: tokensOf('x', 2) }, finish_reason: 'stop' });
    const sent = (await lastBody())['messages'] as readonly object[];
    expect(sent.slice(1)).toMatchObject([
      { role: 'assistant', tool_calls: [{ function: { name: 'weather' } }, { function: { name: 'weather' } }] },
      { role: 'tool', content: 'cold', tool_name: 'weather' },
      { role: 'tool', content: 'cold', tool_name: 'weather' },
    ]);
  });

  it('gets images as plain base64', async () => {
    const content = [
      { type: 'text' as const, text: 'rid=x' },
      { type: 'image_url' as const, image_url: { url: `data:image/png;base64,${image}` } },
    ];
    const answer = await sluice
      .client()
      .chat.completions.create({ model: 'demo-t2', messages: [{ role: 'user', content }] });
    expect(answer.choices[0]?.message.content).toBe(tokensOf('x', 2));
    expect(await lastBody()).toMatchObject({ messages: [{ role: 'user', content: 'rid=x', images: [image] }] });
  });

  it('returns its reasoning, and none where the client turns it off', async () => {
    const { chat } = sluice.client();
    const answerWith = async (effort: 'high' | 'none'): Promise<unknown> => {
      const fields = { model: 'demo-t2-q2', messages: question, reasoning_effort: effort };
      return (await chat.completions.create(fields)).choices[0]?.message;
    };
    expect(await answerWith('high')).toMatchObject({ reasoning_content: 'think0 think1 ', content: tokensOf('x', 2) });
    expect(await lastBody()).toMatchObject({ think: 'high' });
    expect(await answerWith('none')).not.toHaveProperty('reasoning_content');
    expect(await lastBody()).toMatchObject({ think: false });
  });

  it('refuses unsupported fields, and reports its failures', async () => {
    const { chat } = sluice.client();
    const forced = chat.completions.create({
      model: 'demo',
      messages: question,
      tools: [weather],
      tool_choice: 'required',
    });
    await expect(forced).rejects.toMatchObject({ status: 400, code: 'unsupported_parameter', param: 'tool_choice' });
    expect((await sluice.simulator.stats()).total).toBe(0);
    const broken = await chat.completions.create({ model: 'demo-t5-errev', messages: question, stream: true });
    await expect(textOf(broken)).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it('has its call aborted when the client leaves', async () => {
    const { chat } = sluice.client();
    const stream = await chat.completions.create({ model: 'demo-t1000-i20', messages: question, stream: true });
    await stream[Symbol.asyncIterator]().next();
    stream.controller.abort();
    const outcome = await until(
      async () => {
        const [call] = await sluice.simulator.calls();
        return call?.outcome !== 'open' && call?.outcome;
      },
      { what: 'the call to be closed' },
    );
    expect(outcome).toBe('aborted');
  });
});
