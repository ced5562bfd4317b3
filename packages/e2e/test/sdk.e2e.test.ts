import { readSse, until, verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, textOf } from './sluice.ts';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice();
});
beforeEach(() => sluice.simulator.reset());

const weather: OpenAI.ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city.',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};

describe('the official Node SDK', () => {
  it(
    'gets the same answer, streamed and whole, as from the provider itself',
    verifies('000-01', '000-02', '000-21', '001-01', '003-01', '004-01', '004-03'),
    async () => {
      const whole = await sluice.client().chat.completions.create(ask('demo-t20'));
      const streamed = await textOf(
        await sluice.client().chat.completions.create({ ...ask('demo-t20'), stream: true }),
      );
      expect(whole.choices[0]?.message.content).toBe(streamed);
      expect(whole.usage?.completion_tokens).toBe(20);
      expect(streamed.split(' ').length).toBeGreaterThanOrEqual(20);
    },
  );

  it('gets usage at the end of a stream if it asks, and not otherwise', async () => {
    const usages = async (options: object): Promise<unknown[]> => {
      const stream = await sluice.client().chat.completions.create({ ...ask('demo-t3'), ...options, stream: true });
      const seen: unknown[] = [];
      for await (const chunk of stream) if (chunk.usage) seen.push(chunk.usage.total_tokens);
      return seen;
    };
    expect(await usages({ stream_options: { include_usage: true } })).toEqual([expect.any(Number)]);
    expect(await usages({})).toEqual([]);
  });

  it('makes a round trip with a tool', async () => {
    const client = sluice.client();
    const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: 'How is the weather in Oslo?' }];
    const first = await client.chat.completions.create({ model: 'demo', messages, tools: [weather] });
    const message = first.choices[0]?.message;
    const [call] = message?.tool_calls ?? [];
    if (message === undefined || call?.type !== 'function') throw new Error('no tool call');
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    expect(JSON.parse(call.function.arguments)).toHaveProperty('city');
    messages.push(message, { role: 'tool', tool_call_id: call.id, content: 'rain' });
    const second = await client.chat.completions.create({ model: 'demo', messages, tools: [weather] });
    expect(second.choices[0]?.message.content).toMatch(/\w/);
  });

  it('gets tool calls in pieces that form valid calls', async () => {
    const runner = sluice.client().chat.completions.stream({ ...ask('demo-parallel'), tools: [weather] });
    const message = await runner.finalMessage();
    expect(message.tool_calls).toHaveLength(2);
    for (const call of message.tool_calls ?? []) {
      if (call.type === 'function') expect(() => JSON.parse(call.function.arguments) as unknown).not.toThrow();
    }
  });

  it('gets JSON by a schema, several choices and reasoning', async () => {
    const format: OpenAI.ChatCompletionCreateParams['response_format'] = {
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
      },
    };
    const json = await sluice.client().chat.completions.create({ ...ask('demo'), response_format: format });
    expect(JSON.parse(json.choices[0]?.message.content ?? '')).toHaveProperty('ok');
    const several = await sluice.client().chat.completions.create({ ...ask('demo-t2'), n: 2 });
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1]);
    const thinking = await readSse(`${sluice.url()}/chat/completions`, {
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask('demo-q3-t2'), stream: true }),
    });
    await thinking.finish();
    expect(thinking.text).toContain('"reasoning_content":');
  });

  it('gets unknown fields through to the provider', async () => {
    await sluice.client().chat.completions.create({ ...ask('demo-t1'), x_new_field: { deep: [1, null] } } as never);
    const [call] = await sluice.simulator.calls();
    expect(JSON.parse(call?.body ?? '{}')).toMatchObject({ x_new_field: { deep: [1, null] }, model: 'demo-t1' });
  });

  it('keeps sixty streams apart', async () => {
    const texts = await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        const stream = await sluice.client().chat.completions.create({
          ...ask('demo-t40-i5', `rid=stream${at}x`),
          stream: true,
        });
        return textOf(stream);
      }),
    );
    texts.forEach((text, at) => {
      const expected = Array.from({ length: 40 }, (_, seq) => `stream${at}x.${seq} `).join('');
      expect(text).toBe(expected);
    });
  });

  it('has the call to the provider closed at once when it aborts', async () => {
    const stream = await sluice.client().chat.completions.create({ ...ask('demo-t1000-i20'), stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    const leftAt = Date.now();
    stream.controller.abort();
    const aborted = await until(
      async () => (await sluice.simulator.calls()).find(({ abortedAt }) => abortedAt !== null),
      { what: 'the call to be closed' },
    );
    expect((aborted.abortedAt?.wallMs ?? Infinity) - leftAt).toBeLessThan(250);
  });

  it('can leave before the first token, too', async () => {
    const controller = new AbortController();
    const request = sluice
      .client()
      .chat.completions.create({ ...ask('demo-hang'), stream: true }, { signal: controller.signal });
    await until(async () => (await sluice.simulator.stats()).open === 1, { what: 'the provider to be called' });
    const leftAt = Date.now();
    controller.abort();
    await expect(request).rejects.toThrow(/abort/i);
    const [call] = await until(
      async () => {
        const calls = await sluice.simulator.calls();
        return calls.every(({ outcome }) => outcome === 'aborted') && calls;
      },
      { what: 'the call to be closed' },
    );
    expect((call?.abortedAt?.wallMs ?? Infinity) - leftAt).toBeLessThan(250);
  });
});

describe('the stream on the wire', () => {
  const open = (model: string) =>
    readSse(`${sluice.url()}/chat/completions`, {
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...ask(model), stream: true }),
    });

  it('equals that of the provider, byte for byte, and ends with [DONE]', async () => {
    const answer = await open('demo-t10');
    expect(await answer.finish()).toBe('whole');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toContain('text/event-stream');
    expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
    const { events, comments, retries, rest } = answer.content;
    expect([comments, retries, rest]).toEqual([[], [], '']);
    expect(events.every(({ id, type }) => id === '' && type === 'message')).toBe(true);
  });

  it.each(['demo-t10-crlf', 'demo-t10-split', 'demo-t10-utf8', 'demo-t10-ping', 'demo-t10-each', 'demo-t10-nodone'])(
    'is whole in every framing of the provider: %s',
    async (model) => {
      const answer = await open(model);
      expect(await answer.finish()).toBe('whole');
      expect(answer.text.endsWith('data: [DONE]\n\n')).toBe(true);
      const plain = await open(model.replace(/-(?:crlf|split|ping|each|nodone)$/, ''));
      await plain.finish();
      expect(answer.content.events.length).toBe(plain.content.events.length);
    },
  );

  it('has the upstream, the attempts and the time in its headers', async () => {
    const { headers } = await open('demo-t1');
    expect(headers).toMatchObject({ 'x-sluice-upstream': 'sim', 'x-sluice-attempts': '1' });
    expect(Number(headers['openai-processing-ms'])).toBeGreaterThanOrEqual(0);
  });
});
