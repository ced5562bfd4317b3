import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import type { BillRow } from '../../src/bill/bill.ts';
import type { Tokens } from '../../src/bill/tokens.ts';
import { eventually } from '../eventually.ts';
import { callRaw } from '../raw-call.ts';
import { simulate } from '../simulate.ts';

interface Call {
  readonly path: string;
  readonly body: object;
  readonly directives?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes a call with key `tok-a`; returns its answer. */
async function ask({ url }: Simulator, { path, body, directives = '', headers }: Call): Promise<string> {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: 'Bearer tok-a',
      'content-type': 'application/json',
      'x-sim-directives': directives,
      ...headers,
    },
    body: JSON.stringify(body),
  });
  return response.text();
}

/** Returns the bill's row of the only call. */
async function rowOf(simulator: Simulator): Promise<BillRow> {
  await eventually(() => expect(simulator.bill().calls).toBe(1));
  const [row] = simulator.bill().rows;
  if (row === undefined) throw new Error('the bill has no row');
  return row;
}

const hello = { role: 'user', content: 'hello, rid=r1' };
const chat = { model: 'm', messages: [hello] };
const streamed = { ...chat, stream: true, stream_options: { include_usage: true } };
const contents = { contents: [{ role: 'user', parts: [{ text: 'hello, rid=r1' }] }] };
const thinking = { generationConfig: { thinkingConfig: { includeThoughts: true } } };

/** Returns the last count of this name in an answer; 0 if there is none. */
const told = (answer: string, name: string): number =>
  Number([...answer.matchAll(new RegExp(`"${name}":(\\d+)`, 'g'))].at(-1)?.[1] ?? 0);

const asOpenAi = (answer: string): Tokens => {
  const cacheRead = told(answer, 'cached_tokens');
  const cacheWrite = told(answer, 'cache_write_tokens');
  const reasoning = told(answer, 'reasoning_tokens');
  const fresh = told(answer, 'prompt_tokens') - cacheRead - cacheWrite;
  return { fresh, cacheRead, cacheWrite, output: told(answer, 'completion_tokens') - reasoning, reasoning };
};
const asAnthropic = (answer: string): Tokens => ({
  fresh: told(answer, 'input_tokens'),
  cacheRead: told(answer, 'cache_read_input_tokens'),
  cacheWrite: told(answer, 'cache_creation_input_tokens'),
  output: told(answer, 'output_tokens') - told(answer, 'thinking_tokens'),
  reasoning: told(answer, 'thinking_tokens'),
});
const asGemini = (answer: string): Tokens => ({
  fresh: told(answer, 'promptTokenCount') - told(answer, 'cachedContentTokenCount'),
  cacheRead: told(answer, 'cachedContentTokenCount'),
  cacheWrite: 0,
  output: told(answer, 'candidatesTokenCount'),
  reasoning: told(answer, 'thoughtsTokenCount'),
});
const withTwo =
  (input: string, output: string) =>
  (answer: string): Tokens => ({
    fresh: told(answer, input),
    cacheRead: 0,
    cacheWrite: 0,
    output: told(answer, output),
    reasoning: 0,
  });
/** The last frame of an application counts each model's tokens. */
const asApplication = (answer: string): Tokens => {
  const frame = answer.split('"usage":').at(-1) ?? '';
  const sum = (name: string): number =>
    [...frame.matchAll(new RegExp(`"${name}":(\\d+)`, 'g'))].reduce((total, [, count]) => total + Number(count), 0);
  return { fresh: sum('input_tokens'), cacheRead: 0, cacheWrite: 0, output: sum('output_tokens'), reasoning: 0 };
};

const directives = 't5-q3-cr4-cw2';
const sse = { 'x-dashscope-sse': 'enable' };
const prompt = { input: { prompt: 'rid=r1' }, parameters: { has_thoughts: true } };
const bot = {
  bot_id: 'm',
  user_id: 'u',
  auto_save_history: false,
  additional_messages: [{ ...hello, type: 'question', content_type: 'text' }],
};

describe('the bill of a call', () => {
  it.each<[name: string, call: Call, read: (answer: string) => Tokens]>([
    ['openai', { path: '/v1/chat/completions', body: chat }, asOpenAi],
    ['openai, several choices', { path: '/v1/chat/completions', body: { ...chat, n: 3 } }, asOpenAi],
    ['openai, streamed', { path: '/v1/chat/completions', body: streamed }, asOpenAi],
    ['openai, cut by max_tokens', { path: '/v1/chat/completions', body: { ...streamed, max_tokens: 2 } }, asOpenAi],
    ['openai, embeddings', { path: '/v1/embeddings', body: { model: 'm', input: ['a b c', 'rid=r1'] } }, asOpenAi],
    ['azure', { path: '/openai/deployments/m/chat/completions', body: streamed }, asOpenAi],
    ['anthropic', { path: '/v1/messages', body: { ...chat, max_tokens: 100 } }, asAnthropic],
    ['anthropic, streamed', { path: '/v1/messages', body: { ...chat, max_tokens: 100, stream: true } }, asAnthropic],
    ['gemini', { path: '/v1beta/models/m:generateContent', body: contents }, asGemini],
    ['gemini, streamed', { path: '/v1beta/models/m:streamGenerateContent', body: contents }, asGemini],
    [
      'gemini, with reasoning',
      { path: '/v1beta/models/m:streamGenerateContent', body: { ...contents, ...thinking } },
      asGemini,
    ],
    ['bailian', { path: '/api/v1/apps/m/completion', body: prompt }, asApplication],
    ['bailian, streamed', { path: '/api/v1/apps/m/completion', body: prompt, headers: sse }, asApplication],
    ['coze', { path: '/v3/chat', body: { ...bot, stream: true } }, withTwo('input_count', 'output_count')],
    ['zai', { path: '/api/paas/v4/chat/completions', body: chat }, asOpenAi],
    ['zai, streamed', { path: '/api/paas/v4/chat/completions', body: streamed }, asOpenAi],
    ['iflow', { path: '/iflow/v1/chat/completions', body: streamed }, asOpenAi],
    ['ollama', { path: '/api/chat', body: { ...chat, stream: false } }, withTwo('prompt_eval_count', 'eval_count')],
    ['ollama, streamed', { path: '/api/chat', body: chat }, withTwo('prompt_eval_count', 'eval_count')],
    [
      'ollama, embeddings',
      { path: '/api/embed', body: { model: 'm', input: 'rid=r1' } },
      withTwo('prompt_eval_count', 'none'),
    ],
  ])('equals the usage that the caller is told: %s', async (_, call, read) => {
    const simulator = await simulate();
    const answer = await ask(simulator, { ...call, directives });
    const row = await rowOf(simulator);
    expect(row).toMatchObject({ credential: 'tok-a', model: 'm', rid: 'r1', isTold: true, outcome: 'finished' });
    expect(row.tokens).toEqual(read(answer));
    expect(row.tokens.fresh).toBeGreaterThan(0);
    expect(simulator.bill()).toMatchObject({ calls: 1, tokens: row.tokens });
  });

  it('counts a polled chat once, with the answer', async () => {
    const simulator = await simulate();
    const { data } = JSON.parse(
      await ask(simulator, { path: '/v3/chat', body: { ...bot, stream: false, auto_save_history: true }, directives }),
    ) as { data: { id: string; conversation_id: string } };
    const page = `${simulator.url}/v3/chat/message/list?conversation_id=${data.conversation_id}&chat_id=${data.id}`;
    for (let time = 0; time < 2; time += 1)
      await (await fetch(page, { headers: { authorization: 'Bearer tok-a' } })).text();
    await eventually(() => expect(simulator.bill().calls).toBe(2));
    expect(simulator.bill()).toMatchObject({ calls: 2, tokens: { output: 8, reasoning: 0 } });
    expect(simulator.bill().rows.map(({ rid, isTold }) => [rid, isTold])).toEqual([
      ['r1', false],
      ['r1', true],
    ]);
  });

  it('says that the usage was not told', async () => {
    const simulator = await simulate();
    await ask(simulator, { path: '/v1/chat/completions', body: { ...chat, stream: true }, directives });
    expect(await rowOf(simulator)).toMatchObject({ isTold: false, tokens: { output: 5, reasoning: 3 } });
  });

  it('has the tokens that were written before the caller left', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'm-q2-t50-i20');
    await eventually(() => expect(call.answer().body.toString().split('data:').length).toBeGreaterThan(6));
    call.leave();
    const { tokens, isTold, outcome } = await rowOf(simulator);
    expect({ isTold, outcome, reasoning: tokens.reasoning }).toEqual({
      isTold: false,
      outcome: 'aborted',
      reasoning: 2,
    });
    expect(tokens.output).toBe((simulator.calls()[0]?.tokensSent ?? 0) - 2);
    expect(tokens.output).toBeLessThan(50);
    expect(tokens.fresh).toBeGreaterThan(0);
  });

  it('has the prompt of a call that got no answer', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'm-hang');
    await eventually(() => expect(simulator.calls()[0]?.model).toBe('m-hang'));
    call.leave();
    const { tokens } = await rowOf(simulator);
    expect(tokens.fresh).toBeGreaterThan(0);
    expect(tokens.output).toBe(0);
  });

  it.each(['e500', 'e429', 'policy', 'quota', 'resetearly', 'errev-k0'])('is empty after %s', async (fault) => {
    const simulator = await simulate();
    await ask(simulator, { path: '/v1/chat/completions', body: streamed, directives: fault }).catch(() => '');
    await eventually(() => expect(simulator.stats().open).toBe(0));
    expect(simulator.bill().calls).toBe(0);
  });

  it('is shown and deleted with the calls', async () => {
    const simulator = await simulate();
    await ask(simulator, { path: '/v1/chat/completions', body: chat, directives: 't5' });
    await rowOf(simulator);
    const shown = await (await fetch(`${simulator.url}/_sim/bill`)).json();
    expect(shown).toEqual(simulator.bill());
    expect(shown).toMatchObject({ byCredential: { 'tok-a': { m: { calls: 1, tokens: { output: 5 } } } } });
    simulator.reset();
    expect(simulator.bill()).toMatchObject({ calls: 0, rows: [], byCredential: {} });
  });
});
