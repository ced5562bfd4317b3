import { afterFile, type OtlpReceiver, startOtlpReceiver, until, verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, textOf } from './sluice.ts';
import { post, tokensOf } from './traffic.ts';

type Message = OpenAI.ChatCompletionMessageParam;

const tightKey = 'sk-tight-client-01';
const header = 'x-sluice-compressed-messages';

let sluice: Sluice;
let collector: OtlpReceiver;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  sluice = await startSluice({
    ingresses: 1,
    workers: 1,
    env: collector.env,
    config: {
      keys: [
        { name: 'test', key: apiKey },
        { name: 'tight', key: tightKey, limits: { tpm: 600 } },
      ],
      models: [
        { id: 'short-*', compress_context: { rounds: 2 }, targets: [{ upstream: 'sim' }] },
        { id: 'ten-*', compress_context: {}, targets: [{ upstream: 'sim' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
    },
  });
});
beforeEach(() => sluice.simulator.reset());

const sent = async (): Promise<{ messages: Message[]; odd?: unknown }> => {
  const [call] = await sluice.simulator.calls();
  return JSON.parse(call?.body ?? '') as { messages: Message[] };
};
const rounds = (count: number, text = ''): Message[] =>
  Array.from({ length: count }, (_, at): Message[] => [
    { role: 'user', content: `question ${at} ${text}` },
    { role: 'assistant', content: `answer ${at}` },
  ]).flat();
const instructions: Message = { role: 'system', content: 'Be brief.' };
const now: Message = { role: 'user', content: 'rid=x now' };

describe('a long conversation', () => {
  it('is sent with its last ten rounds and its instructions', verifies('004-10'), async () => {
    const messages = [instructions, ...rounds(12), now];
    const { data, response } = await sluice
      .client()
      .chat.completions.create({ model: 'ten-t3', messages })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(tokensOf('x', 3));
    expect(response.headers.get(header)).toBe('6');
    expect((await sent()).messages).toEqual([instructions, ...messages.slice(7)]);
  });

  it('has the number of dropped messages in its trace', async () => {
    const request = { model: 'short-t1', messages: [...rounds(5), now] };
    const options = { headers: { 'x-request-id': 'compressed' } };
    await sluice.client().chat.completions.create(request, options);
    const span = await until(
      () => collector.spans().find(({ attributes }) => attributes['sluice.request_id'] === 'compressed') ?? false,
      { what: "the request's span" },
    );
    expect(span.attributes).toMatchObject({ 'sluice.compressed_messages': 8 });
  });

  it('is shortened for streams too, and unknown fields stay', async () => {
    const request = { model: 'short-t3', messages: [...rounds(3), now], stream: true as const, odd: { field: [1] } };
    const { data, response } = await sluice.client().chat.completions.create(request).withResponse();
    expect(await textOf(data)).toBe(tokensOf('x', 3));
    expect(response.headers.get(header)).toBe('4');
    expect(await sent()).toMatchObject({ odd: { field: [1] }, messages: [...rounds(3).slice(4), now] });
  });

  it('keeps a tool call and its result together', async () => {
    const look: Message = {
      role: 'assistant',
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } }],
    };
    const found: Message = { role: 'tool', tool_call_id: 'c1', content: 'a bird' };
    const question: Message = { role: 'user', content: 'What is there?' };
    const impatient: Message[] = [
      { role: 'user', content: 'Well?' },
      { role: 'user', content: 'And?' },
    ];
    const messages = [...rounds(4), question, look, ...impatient, found, now];
    await sluice.client().chat.completions.create({ model: 'short-t3', messages });
    expect((await sent()).messages).toEqual(messages.slice(8));
  });

  it('is sent whole where compression is off', async () => {
    const messages = [...rounds(30), now];
    const { response } = await sluice.client().chat.completions.create({ model: 'demo-t3', messages }).withResponse();
    expect(response.headers.has(header)).toBe(false);
    expect((await sent()).messages).toEqual(messages);
  });

  it('that is not too long is sent byte for byte', async () => {
    const { response } = await sluice
      .client()
      .chat.completions.create({ model: 'short-t3', messages: [...rounds(1), now] })
      .withResponse();
    expect(response.headers.has(header)).toBe(false);
    expect((await sent()).messages).toEqual([...rounds(1), now]);
  });

  it('counts against the limits in its shortened form', async () => {
    const messages = [...rounds(20, 'x'.repeat(200)), now];
    const options = { key: tightKey, fields: { messages, max_tokens: 3 } };
    expect((await post(sluice, { model: 'demo-t3', ...options })).status).toBe(429);
    expect((await post(sluice, { model: 'short-t3', ...options })).status).toBe(200);
  });
});

it.each([
  ['no list', 'Hello', 'messages'],
  ['an empty list', [], 'messages'],
  ['a list of texts', ['Hello'], 'messages[0]'],
  ['a message of an unknown role', [{ role: 'unknown', content: 'x' }], 'messages[0].role'],
])('messages that are %s are refused', verifies('004-11'), async (_name, messages, param) => {
  const response = await post(sluice, { ...ask('short-t3'), content: '', fields: { messages } });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { type: 'invalid_request_error', param } });
  expect(await sluice.simulator.calls()).toEqual([]);
});
