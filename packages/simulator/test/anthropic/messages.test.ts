import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { simulate } from '../simulate.ts';

const user = { role: 'user', content: 'rid=x' };
const weather = {
  name: 'get_weather',
  input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};

interface Message {
  readonly content: readonly Record<string, unknown>[];
  readonly stop_reason: string;
  readonly usage: unknown;
}
interface WireError {
  readonly type: string;
  readonly message: string;
}
interface Answered {
  readonly status: number;
  readonly text: string;
  readonly message: Message & { readonly error?: WireError };
}

async function ask(simulator: Simulator, model: string, fields: object = {}): Promise<Answered> {
  const response = await fetch(`${simulator.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'tok-a', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model, max_tokens: 100, messages: [user], ...fields }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type') === 'application/json';
  return { status: response.status, text, message: (isJson ? JSON.parse(text) : {}) as Answered['message'] };
}

/** Returns the names and data of a stream's events. */
function eventsOf(text: string): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [, name = '', data = '{}'] = /^event: (\w+)\ndata: (.*)$/s.exec(event) ?? [];
      return [name, JSON.parse(data) as Record<string, unknown>] as const;
    });
}

describe("Anthropic's messages", () => {
  it('are whole answers with reasoning, text and usage', async () => {
    const { message } = await ask(await simulate(), 'demo-q2-t3');
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'think0 think1 ', signature: expect.any(String) },
        { type: 'text', text: 'x.0 x.1 x.2 ' },
      ],
      stop_reason: 'end_turn',
      usage: { output_tokens: 5, output_tokens_details: { thinking_tokens: 2 } },
    });
  });

  it('are streams with the same content, in the order of the reference', async () => {
    const events = eventsOf((await ask(await simulate(), 'demo-q2-t2', { stream: true })).text);
    expect(events.map(([name]) => name)).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      ...Array.from({ length: 3 }, () => 'content_block_delta'),
      'content_block_stop',
      'content_block_start',
      ...Array.from({ length: 2 }, () => 'content_block_delta'),
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(events.every(([name, { type }]) => name === type)).toBe(true);
    expect(events.filter(([name]) => name === 'content_block_stop').map(([, { index }]) => index)).toEqual([0, 1]);
    expect(events.at(-2)?.[1]).toMatchObject({ delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 4 } });
  });

  it('call tools, each in a separate block', async () => {
    const simulator = await simulate();
    const fields = { tools: [weather], tool_choice: { type: 'any' } };
    const { message } = await ask(simulator, 'demo-parallel', fields);
    expect(message.content).toMatchObject([
      { type: 'tool_use', name: 'get_weather', input: { city: 'lorem' } },
      { type: 'tool_use', name: 'get_weather', input: { city: 'ipsum' } },
    ]);
    expect(message.stop_reason).toBe('tool_use');
    const events = eventsOf((await ask(simulator, 'demo-parallel', { ...fields, stream: true })).text);
    const started = events
      .filter(([name]) => name === 'content_block_start')
      .map(([, { content_block: block }]) => block);
    expect(started).toMatchObject([
      { type: 'tool_use', input: {} },
      { type: 'tool_use', input: {} },
    ]);
    const serial = await ask(simulator, 'demo-parallel', {
      tools: [weather],
      tool_choice: { type: 'auto', disable_parallel_tool_use: true },
    });
    expect(serial.message.content).toHaveLength(1);
    expect(
      (await ask(simulator, 'demo', { tools: [weather], tool_choice: { type: 'none' } })).message.stop_reason,
    ).toBe('end_turn');
  });

  it('continue the last message, starting with the space', async () => {
    const messages = [user, { role: 'assistant', content: 'x.0 x.1' }];
    const { message } = await ask(await simulate(), 'demo-t4', { messages });
    expect(message.content).toEqual([{ type: 'text', text: ' x.2 x.3 ' }]);
  });

  it('are JSON by a schema, and limited in length', async () => {
    const simulator = await simulate();
    const format = {
      type: 'json_schema',
      schema: {
        type: 'object',
        properties: { ok: { type: 'boolean' } },
        required: ['ok'],
        additionalProperties: false,
      },
    };
    const { message } = await ask(simulator, 'demo', { output_config: { format } });
    expect(JSON.parse(String(message.content[0]?.['text']))).toHaveProperty('ok');
    expect((await ask(simulator, 'demo-t9', { max_tokens: 2 })).message.stop_reason).toBe('max_tokens');
  });

  it('are the same for the same request', async () => {
    const simulator = await simulate();
    const [first, second] = [await ask(simulator, 'demo-q1-t3'), await ask(simulator, 'demo-q1-t3')];
    expect(second.text).toBe(first.text);
  });

  it.each([
    ['e400', 400, 'invalid_request_error'],
    ['e401', 401, 'authentication_error'],
    ['e402', 402, 'billing_error'],
    ['e403', 403, 'permission_error'],
    ['e404', 404, 'not_found_error'],
    ['e413', 413, 'request_too_large'],
    ['e429', 429, 'rate_limit_error'],
    ['e500', 500, 'api_error'],
    ['e504', 504, 'timeout_error'],
    ['e529', 529, 'overloaded_error'],
    ['quota', 400, 'invalid_request_error'],
    ['ctxlen', 400, 'invalid_request_error'],
    ['policy', 400, 'invalid_request_error'],
    ['busy1', 400, 'invalid_request_error'],
  ])('fail with %s as %i %s', async (directive, status, type) => {
    const answered = await ask(await simulate(), `demo-${directive}`);
    expect(answered).toMatchObject({ status, message: { type: 'error', error: { type } } });
  });

  it('fail in a stream with a separate event', async () => {
    const { status, text } = await ask(await simulate(), 'demo-errev-k1', { stream: true });
    expect(status).toBe(200);
    expect(eventsOf(text).at(-1)).toMatchObject(['error', { error: { type: 'overloaded_error' } }]);
  });

  const toolUse = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: {} }] };
  const toolResult = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] };
  it.each<[object, RegExp]>([
    [{ max_tokens: undefined }, /max_tokens: Field required/],
    [{ messages: [] }, /at least one message/],
    [{ messages: [{ role: 'system', content: 'x' }] }, /role/],
    [{ messages: [{ role: 'assistant', content: 'x' }] }, /first message must use/],
    [{ messages: [user, toolUse, toolResult, toolUse, toolResult] }, /ids must be unique/],
    [{ messages: [user, { ...toolUse, content: [{ ...toolUse.content[0], id: 'x'.repeat(65) }] }] }, /tool_use.id/],
    [{ output_config: { format: { schema: { type: 'object' } } } }, /'additionalProperties' must be explicitly set/],
    [
      { tools: [{ name: 'f', strict: true, input_schema: { anyOf: [{ type: 'integer', minimum: 0 }] } }] },
      /properties minimum are not supported/,
    ],
    [{ messages: [{ role: 'user', content: ' ' }] }, /non-whitespace/],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }, /Input tag 'image_url'/],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'a/b' } }] }] },
      /image/,
    ],
    [{ messages: [user, toolUse, user] }, /without `tool_result` blocks/],
    [{ messages: [user, toolResult] }, /unexpected `tool_use_id`/],
    [{ messages: [user, { role: 'assistant', content: 'a ' }] }, /trailing whitespace/],
    [{ messages: [user, { role: 'assistant', content: 'a' }], thinking: { type: 'adaptive' } }, /thinking block/],
    [{ temperature: 1.5 }, /temperature/],
    [{ stop_sequences: ['\n'] }, /non-whitespace/],
    [{ messages: [user, { ...toolUse, content: [{ ...toolUse.content[0], id: 'a:b' }] }] }, /tool_use.id/],
    [{ thinking: { type: 'enabled', budget_tokens: 1023 } }, /1024/],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, /greater than `thinking.budget_tokens`/],
    [{ thinking: { type: 'adaptive' }, tools: [weather], tool_choice: { type: 'any' } }, /forces tool use/],
    [
      {
        messages: [
          user,
          { role: 'assistant', content: [{ type: 'thinking', thinking: 'x', signature: 'forged' }] },
          user,
        ],
      },
      /Invalid `signature`/,
    ],
  ])('refuse %j', async (fields, message) => {
    const answered = await ask(await simulate(), 'demo', fields);
    expect(answered.status).toBe(400);
    expect(answered.message.error?.message).toMatch(message);
  });

  it('accept their own reasoning and calls back', async () => {
    const simulator = await simulate();
    const first = await ask(simulator, 'demo-q2-t3', { tools: [weather] });
    const id = first.message.content.at(-1)?.['id'];
    const messages = [
      user,
      { role: 'assistant', content: first.message.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id }] },
    ];
    const second = await ask(simulator, 'demo-q2-t3', { tools: [weather], messages });
    expect(second).toMatchObject({ status: 200, message: { stop_reason: 'end_turn' } });
  });
});

it('a call without a key is refused, and the audit records the key of other calls', async () => {
  const simulator = await simulate();
  const response = await fetch(`${simulator.url}/v1/messages`, { method: 'POST', body: '{}' });
  expect([response.status, await response.json()]).toMatchObject([401, { error: { type: 'authentication_error' } }]);
  await ask(simulator, 'demo-t1');
  expect(simulator.calls().at(-1)).toMatchObject({ credential: 'tok-a', model: 'demo-t1', tokensSent: 1 });
});
