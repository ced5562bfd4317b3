import { verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { BadRequestError } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, textOf } from './sluice.ts';
import { openStream, readAnswer, tokensOf } from './traffic.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    config: (simulatorUrl) => ({
      retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
      upstreams: [
        {
          id: 'claude',
          type: 'anthropic',
          base_url: `${simulatorUrl}/v1`,
          options: { beta: ['context-1m-2025-08-07'] },
          credentials: [{ id: 'a', api_key: 'tok-claude-a' }],
        },
      ],
      models: [{ id: '*', targets: [{ upstream: 'claude' }] }],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};

/** Returns the bodies that the provider received. */
const bodies = async (): Promise<{ readonly messages: readonly { role: string; content: object[] }[] }[]> =>
  (await sluice.simulator.calls()).map(({ body }) => JSON.parse(body));

describe('an Anthropic upstream', () => {
  it('receives requests in its own protocol', verifies('003-02', '003-32'), async () => {
    const { choices, usage } = await sluice.client().chat.completions.create(ask('claude-3-sonnet-20240229', 'rid=x'));
    expect(choices[0]).toMatchObject({ message: { content: tokensOf('x', 16) }, finish_reason: 'stop' });
    expect(usage).toMatchObject({ completion_tokens: 16, prompt_tokens_details: { cached_tokens: 0 } });
    const [call] = await sluice.simulator.calls();
    expect(call).toMatchObject({ path: '/v1/messages', credential: 'tok-claude-a' });
    expect(call?.headers).toMatchObject({
      'x-api-key': 'tok-claude-a',
      'anthropic-version': '2023-06-01',
      'anthropic-beta': 'context-1m-2025-08-07',
    });
    expect(call?.headers).not.toHaveProperty('authorization');
  });

  it('reports usage in a stream', async () => {
    const stream = await sluice.client().chat.completions.create({
      ...ask('demo-q3-t4'),
      stream: true,
      stream_options: { include_usage: true },
    });
    const usages: unknown[] = [];
    for await (const { usage } of stream) if (usage) usages.push(usage);
    expect(usages).toMatchObject([{ completion_tokens: 7, completion_tokens_details: { reasoning_tokens: 3 } }]);
  });

  it('takes an image by its URL', async () => {
    const url = 'https://example.com/a.png';
    const content = [
      { type: 'text', text: 'What is this?' },
      { type: 'image_url', image_url: { url } },
    ] as const;
    await sluice
      .client()
      .chat.completions.create({ model: 'demo', messages: [{ role: 'user', content: [...content] }] });
    expect((await bodies())[0]?.messages[0]?.content[1]).toEqual({ type: 'image', source: { type: 'url', url } });
  });
});

describe('reasoning about a tool call', () => {
  /** The model reasons, calls a tool, and gets its own reasoning back in the form that `sent` gives it. */
  async function roundTrip(sent: (text: string) => string): Promise<OpenAI.ChatCompletion> {
    const { chat } = sluice.client();
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'rid=x' }];
    const common = { model: 'demo-q2-t3-parallel', tools: [weather], reasoning_effort: 'low' as const };
    const first = await chat.completions.create({ ...common, messages });
    const message = first.choices[0]?.message;
    const calls = message?.tool_calls ?? [];
    expect(calls).toHaveLength(2);
    messages.push(
      JSON.parse(sent(JSON.stringify(message))) as OpenAI.ChatCompletionMessageParam,
      ...calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'rain' })),
    );
    return chat.completions.create({ ...common, messages });
  }

  it('goes back with its signature, ahead of the call', async () => {
    expect((await roundTrip((text) => text)).choices[0]?.message.content).toBe(tokensOf('x', 3));
    const [, second] = await bodies();
    expect(second?.messages.map(({ content }) => content)).toMatchObject([
      [{ type: 'text' }],
      [{ type: 'thinking', thinking: 'think0 think1 ' }, { type: 'tool_use' }, { type: 'tool_use' }],
      [{ type: 'tool_result' }, { type: 'tool_result' }],
    ]);
  });

  it('that the provider refuses, because it was changed, is left out of one more call', async () => {
    const answer = await roundTrip((text) => text.replaceAll('think0', 'forged'));
    expect(answer.choices[0]?.message.content).toBe(tokensOf('x', 3));
    const calls = await bodies();
    expect(calls).toHaveLength(3);
    const [, refused, repeated] = calls.map(({ messages }) => JSON.stringify(messages));
    expect(refused).toContain('"thinking":"forged');
    expect(repeated).not.toContain('"thinking"');
    expect(repeated).toContain('"tool_use"');
  });
});

describe('a failure at Anthropic', () => {
  it.each([
    'demo-t3-e529-n2',
    'demo-t3-e500-n1',
    'demo-t3-errev-k0-n1',
    'demo-t3-cut-k0-n1',
    'demo-t3-ping-crlf-split',
  ])('before the answer begins is retried, unseen by the client: %s', async (model) => {
    const stream = await sluice.client().chat.completions.create({ ...ask(model, 'rid=x'), stream: true });
    expect(await textOf(stream)).toBe(tokensOf('x', 3));
  });

  it.each(['reset', 'half', 'cut', 'errev', 'badjson'])(
    'in the middle of an answer is continued where it broke off: %s',
    async (fault) => {
      const answer = await openStream(sluice, { model: `demo-t12-i5-${fault}-k5-n1`, content: 'rid=x' });
      await answer.finish();
      expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 12), isDone: true, errorCode: undefined });
      // Anthropic requires that trailing white space is cut; the client gets exactly the original white space.
      const last = (await bodies())[1]?.messages.at(-1);
      expect(last).toEqual({ role: 'assistant', content: [{ type: 'text', text: tokensOf('x', 5).trimEnd() }] });
    },
  );

  it.each([
    ['demo-q2-t12-i5-reset-k5-n1', {}, 'assistant'],
    // Models that reason on request, and some others, never continue a given text: then the answer is made again.
    ['demo-q2-t12-i5-reset-k5-n1', { reasoning_effort: 'low' }, 'user'],
    ['demo-q2-t12-i5-reset-k5-n1-noprefill', {}, 'user'],
  ])('in the middle of an answer with reasoning is resumed: %s %j', async (model, fields, lastRole) => {
    const answer = await openStream(sluice, { model, content: 'rid=x', fields });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({ text: tokensOf('x', 12), isDone: true, errorCode: undefined });
    expect((await bodies()).at(-1)?.messages.at(-1)?.role).toBe(lastRole);
  });

  it('is reported in the words of the provider, with the code of OpenAI', async () => {
    const asked = sluice.client().chat.completions.create(ask('demo-ctxlen'));
    await expect(asked).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      message: expect.stringContaining('prompt is too long'),
    });
  });

  it('is a refusal without an attempt where Anthropic does not have the feature', async () => {
    const asked = sluice.client().chat.completions.create({ ...ask('demo'), temperature: 1.5 });
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error).toMatchObject({ code: 'unsupported_parameter', param: 'temperature' });
    expect(await sluice.simulator.calls()).toEqual([]);
  });
});
