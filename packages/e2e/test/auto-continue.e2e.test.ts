import { afterFile, type OtlpReceiver, startOtlpReceiver, until, verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, upstream } from './sluice.ts';
import { openStream, post, readAnswer, tokensOf, untilBusy } from './traffic.ts';

const allowed = 'x-sluice-auto-continue';
const done = 'x-sluice-continuations';
const further = 'exactly where it stopped';

let sluice: Sluice;
let collector: OtlpReceiver;
beforeAll(async () => {
  collector = await startOtlpReceiver();
  afterFile(() => collector.close());
  sluice = await startSluice({
    workers: 2,
    env: collector.env,
    config: (simulatorUrl) => ({
      retry: { base_delay_ms: 1, max_delay_ms: 5 },
      upstreams: [upstream('sim', simulatorUrl), { ...upstream('writer', simulatorUrl), prefill: 'assistant' }],
      models: [
        { id: 'long-*', auto_continue: 5, targets: [{ upstream: 'sim' }] },
        { id: 'write-*', auto_continue: 5, targets: [{ upstream: 'writer' }] },
        { id: 'twice-*', auto_continue: 2, targets: [{ upstream: 'sim' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

interface SentBody {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly max_tokens?: number;
}
const bodies = async (): Promise<SentBody[]> =>
  (await sluice.simulator.calls()).map(({ body }) => JSON.parse(body) as SentBody);
const question = (model: string, maxTokens = 4) => ({ ...ask(model, 'rid=x'), max_tokens: maxTokens });

async function whole(model: string, fields: object = {}) {
  const { data, response } = await sluice
    .client()
    .chat.completions.create({ ...question(model), ...fields })
    .withResponse();
  return { ...data, choice: data.choices[0], headers: response.headers };
}

async function streamed(model: string, fields: object = {}) {
  const { data, response } = await sluice
    .client()
    .chat.completions.create({
      ...question(model),
      stream: true,
      stream_options: { include_usage: true },
      ...fields,
    })
    .withResponse();
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of data) chunks.push(chunk);
  const choices = chunks.flatMap((chunk) => chunk.choices);
  return {
    headers: response.headers,
    text: choices.map(({ delta }) => delta.content ?? '').join(''),
    finishes: choices.flatMap(({ finish_reason: reason }) => reason ?? []),
    roles: choices.flatMap(({ delta }) => delta.role ?? []),
    ids: new Set(chunks.map(({ id }) => id)),
    usages: chunks.flatMap(({ usage }) => usage ?? []),
  };
}

describe('an answer that reaches its length limit', () => {
  it.each(['long-t10', 'write-t10'])('is extended until it is whole: %s', verifies('004-12'), async (model) => {
    const { choice, usage, headers } = await whole(model);
    expect(choice).toMatchObject({ message: { content: tokensOf('x', 10) }, finish_reason: 'stop' });
    expect(headers.get(done)).toBe('2');
    expect(headers.get('x-sluice-attempts')).toBe('3');
    const calls = await bodies();
    expect(calls.map((body) => body.max_tokens)).toEqual([4, 4, 4]);
    const ending = model.startsWith('write') ? ['assistant'] : ['assistant', 'user'];
    expect(calls.map(({ messages }) => messages.slice(1).map(({ role }) => role))).toEqual([[], ending, ending]);
    expect(calls[2]?.messages[1]?.content).toBe(tokensOf('x', 8));
    expect(usage?.completion_tokens).toBe(10);
    const prompts = calls.map(({ messages }) => Math.ceil(Buffer.byteLength(JSON.stringify(messages)) / 4));
    expect(usage?.prompt_tokens).toBe(prompts.reduce((sum, tokens) => sum + tokens, 0));
    expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + 10);
  });

  it.each(['long-t10-i2', 'write-t10-i2'])('is one stream: %s', verifies('004-12'), async (model) => {
    const { headers, text, finishes, roles, ids, usages } = await streamed(model);
    expect({ text, finishes, roles }).toEqual({ text: tokensOf('x', 10), finishes: ['stop'], roles: ['assistant'] });
    expect(ids.size).toBe(1);
    expect(headers.get(allowed)).toBe('5');
    expect(usages).toMatchObject([{ completion_tokens: 10 }]);
    expect(await bodies()).toHaveLength(3);
  });

  it('is extended five times at most, and fewer where the model is configured so', verifies('004-14'), async () => {
    const five = await whole('long-t100');
    expect(five.choice).toMatchObject({ message: { content: tokensOf('x', 24) }, finish_reason: 'length' });
    expect(five.headers.get(done)).toBe('5');
    const two = await streamed('twice-t100');
    expect(two).toMatchObject({ text: tokensOf('x', 12), finishes: ['length'], usages: [{ completion_tokens: 12 }] });
    expect(two.headers.get(allowed)).toBe('2');
  });

  it('shows the client one piece of reasoning', async () => {
    const { choice, usage } = await whole('long-t6-q2');
    expect(choice?.message).toMatchObject({ content: tokensOf('x', 6), reasoning_content: 'think0 think1 ' });
    expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(4);
    const answer = await openStream(sluice, { model: 'long-t6-q2', content: 'rid=x', fields: { max_tokens: 4 } });
    await answer.finish();
    expect(readAnswer(answer)).toMatchObject({ text: tokensOf('x', 6), isDone: true });
    expect(answer.text.match(/think\d/g)).toEqual(['think0', 'think1']);
  });

  it('stays cut where auto_continue is off', async () => {
    const { choice, headers } = await whole('demo-t10');
    expect(choice).toMatchObject({ message: { content: tokensOf('x', 4) }, finish_reason: 'length' });
    expect(headers.has(done)).toBe(false);
    expect((await streamed('demo-t10')).headers.has(allowed)).toBe(false);
    expect(await bodies()).toHaveLength(2);
  });

  const format = {
    type: 'json_schema',
    json_schema: { name: 'j', schema: { type: 'object', required: ['a'], properties: { a: { type: 'string' } } } },
  };
  const tools = [{ type: 'function', function: { name: 'look', parameters: format.json_schema.schema } }];
  it.each([
    ['of several choices', { n: 2 }],
    ['in JSON', { response_format: format, max_tokens: 1 }],
    ['that calls a tool', { tools, max_tokens: 1 }],
  ])('stays cut if it is one %s', async (_name, fields) => {
    const { choice } = await whole('long-t10', fields);
    expect(choice?.finish_reason).toBe('length');
    expect(await streamed('long-t10', fields)).toMatchObject({ usages: [{}] });
    expect(await bodies()).toHaveLength(2);
  });

  it('reports 0 extensions where it is whole at once', async () => {
    expect((await whole('long-t3')).headers.get(done)).toBe('0');
  });
});

describe('an extension', () => {
  const failFurther = (directives: string, times = 100): Promise<unknown> =>
    sluice.simulator.script([{ match: { contains: further }, times, directives }]);

  it.each(['e503', 'reset-k0', 'e429'])(
    'that fails leaves the answer cut, and the finish reason says so: %s',
    async (fault) => {
      await failFurther(fault);
      const { choice, usage, headers } = await whole('long-t10');
      expect(choice).toMatchObject({ message: { content: tokensOf('x', 4) }, finish_reason: 'length' });
      expect(usage?.completion_tokens).toBe(4);
      expect(headers.get(done)).toBe('1');
      expect(headers.get('x-sluice-attempts')).toBe('2');
    },
  );

  it('that breaks off leaves a stream cut, with the text that it delivered', async () => {
    await failFurther('reset-k2-i5');
    const { text, finishes, usages } = await streamed('long-t10');
    expect(finishes).toEqual(['length']);
    expect(tokensOf('x', 6).startsWith(text)).toBe(true);
    expect(text.startsWith(tokensOf('x', 4))).toBe(true);
    expect(usages).toMatchObject([{ completion_tokens: 4 }]);
  });

  it('whose prefill is refused is repeated with a message that asks for the missing text', async () => {
    const { choice, headers } = await whole('write-t10-noprefill');
    expect(choice).toMatchObject({ message: { content: tokensOf('x', 10) }, finish_reason: 'stop' });
    expect(headers.get(done)).toBe('3');
    expect((await bodies()).map(({ messages }) => messages.length)).toEqual([1, 2, 3, 3]);
  });

  it('whose worker dies is resumed by another worker from the delivered text', async () => {
    await failFurther('t40-i60-each');
    const answer = await openStream(sluice, { model: 'twice-t40', content: 'rid=x', fields: { max_tokens: 9 } });
    const pieces = answer.pieces();
    while (!answer.text.includes('x.10 ')) await pieces.next();
    (await untilBusy(sluice)).kill('SIGKILL');
    await answer.finish();
    // The broken attempt is repeated once, and one extension is left.
    const { text, isDone } = readAnswer(answer);
    expect(isDone).toBe(true);
    expect(tokensOf('x', 40).startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(tokensOf('x', 20).length);
    const calls = await bodies();
    expect(calls).toHaveLength(4);
    expect(calls.map(({ messages }) => messages.length)).toEqual([1, 3, 3, 3]);
    expect(answer.text.match(/"finish_reason":"/g)).toHaveLength(1);
  });
});

it('the number of extensions is in the log line and the trace of a request', verifies('004-26'), async () => {
  const response = await post(sluice, { model: 'long-t10', content: 'rid=x', fields: { max_tokens: 4, stream: true } });
  await response.text();
  const id = response.headers.get('x-request-id') ?? '';
  const lines = (): string[] =>
    sluice.fleet.ingresses.flatMap(({ output }) => output().split('\n')).filter((line) => line.includes(id));
  await until(() => lines().length > 0, { what: "the request's line" });
  expect(JSON.parse(lines()[0] ?? '')).toMatchObject({ attempts: 3, continuations: 2, completion_tokens: 10 });

  const server = await until(
    () => collector.spans().find(({ attributes }) => attributes['sluice.request_id'] === id) ?? false,
    { what: "the request's span" },
  );
  const ofTrace = () => collector.spans().filter(({ traceId }) => traceId === server.traceId);
  const inference = await until(() => ofTrace().find(({ name }) => name === 'chat long-t10') ?? false, {
    what: 'the span of the model call',
  });
  for (const { attributes } of [server, inference]) {
    expect(attributes).toMatchObject({ 'sluice.continuations': 2, 'sluice.attempts': 3 });
  }
  expect(inference.events.filter(({ name }) => name === 'first_chunk')).toHaveLength(1);
  expect(ofTrace().filter(({ name }) => name === 'POST')).toHaveLength(3);
});
