import { verifies } from '@sluice/testkit';
import type { OpenAI } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice, upstream } from './sluice.ts';
import { openStream, readAnswer, startedStream, tokensOf } from './traffic.ts';

const reasoning = 'think0 think1 think2 ';
const keys = {
  think: 'sk-think-client-01',
  strip: 'sk-strip-client-01',
  field: 'sk-field-client-01',
  raw: 'sk-raw-client-01',
};
const signing = { signing_variant: 'v2', signing_key: 'key-@@@@)))()((9))-xxxx&&&%%%%%' };

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    workers: 2,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        ...Object.entries(keys).map(([thinking, key]) => ({ name: thinking, key, thinking })),
      ],
      upstreams: [
        upstream('sim', simulatorUrl),
        {
          id: 'web',
          type: 'zai-web',
          base_url: simulatorUrl,
          options: signing,
          credentials: [{ id: 'a', api_key: 'tok-web' }],
        },
      ],
      models: [
        { id: 'web-*', targets: [{ upstream: 'web' }] },
        ...['field', 'think', 'strip', 'raw'].map((thinking) => ({
          id: `web${thinking}-*`,
          thinking,
          targets: [{ upstream: 'web' }],
        })),
        { id: 'think-*', thinking: 'think', targets: [{ upstream: 'sim' }] },
        { id: 'strip-*', thinking: 'strip', targets: [{ upstream: 'sim' }] },
        { id: 'raw-*', thinking: 'raw', targets: [{ upstream: 'sim' }] },
        { id: '*', targets: [{ upstream: 'sim' }] },
      ],
      server: { heartbeat_ms: 100, hold_ms: 200 },
    }),
  });
});
beforeEach(() => sluice.simulator.reset());

/** Some providers reason only on request. */
const question = (model: string) => ({ ...ask(model, 'rid=x'), reasoning_effort: 'high' as const });

type Message = OpenAI.ChatCompletionMessage & { readonly reasoning_content?: string };

async function whole(model: string, key = apiKey): Promise<Message | undefined> {
  const completion = await sluice.client({ apiKey: key }).chat.completions.create(question(model));
  return completion.choices[0]?.message;
}

interface Streamed {
  content: string;
  reasoning: string;
  readonly finishes: string[];
}

/** Returns the reasoning and the text that an SDK gets from a stream, for each choice. */
async function streamed(model: string, { key = apiKey, n = 1 } = {}): Promise<Streamed[]> {
  const client = sluice.client({ apiKey: key });
  const stream = await client.chat.completions.create({ ...question(model), n, stream: true });
  const choices = Array.from({ length: n }, (): Streamed => ({ content: '', reasoning: '', finishes: [] }));
  for await (const chunk of stream) {
    for (const { index, delta, finish_reason: reason } of chunk.choices) {
      const choice = choices[index];
      if (choice === undefined) throw new Error(`no choice ${index} was requested`);
      choice.content += delta.content ?? '';
      choice.reasoning += (delta as Message).reasoning_content ?? '';
      if (reason !== null) choice.finishes.push(reason);
    }
  }
  return choices;
}

const text = tokensOf('x', 4);
const field = { content: text, reasoning_content: reasoning };
const tagged = { content: `<think>${reasoning}</think>${text}` };

const longText = tokensOf('x', 6);
const longField = { content: longText, reasoning_content: reasoning };
const longTagged = { content: `<think>${reasoning}</think>${longText}` };
const markup = `<details type="reasoning" done="true" duration="1">\n<summary>Thought for 1 seconds</summary>\n> ${reasoning}\n</details>\n`;
const marked = { content: markup + longText };

describe('reasoning', () => {
  it.each([
    ['in its own field by default', 'demo-t4-q3', apiKey, field],
    ['between tags', 'think-t4-q3', apiKey, tagged],
    ['not at all', 'strip-t4-q3', apiKey, { content: text }],
    ['in its field where a provider has no markup to keep', 'raw-t4-q3', apiKey, field],
    ['as the key is configured, over the setting of the model', 'think-t4-q3', keys.strip, { content: text }],
    ['as the key is configured, over the default', 'demo-t4-q3', keys.think, tagged],
    ['as the key is configured, even if that is the default', 'strip-t4-q3', keys.field, field],
  ])('is shown %s', verifies('000-17', '001-04', '001-39', '004-07'), async (_name, model, key, expected) => {
    const { content, reasoning_content: reasoning } = (await whole(model, key)) ?? {};
    expect({ content, reasoning_content: reasoning }).toEqual({ reasoning_content: undefined, ...expected });
    expect(await streamed(model, { key })).toEqual([
      { content: expected.content, reasoning: reasoning ?? '', finishes: ['stop'] },
    ]);
  });

  it.each([
    ['as the provider marks it', 'webraw-t6-q3', apiKey, marked],
    ['as the provider marks it, with an end that the provider rewrites', 'webraw-edit-t6-q3', apiKey, marked],
    ['as the provider marks it, byte by byte', 'webraw-t6-q3-split', apiKey, marked],
    ['in its field where the provider does not mark it', 'webraw-plain-t6-q3', apiKey, longField],
    ['between tags', 'webthink-t6-q3', apiKey, longTagged],
    ['not at all', 'webstrip-t6-q3', apiKey, { content: longText }],
    ['in its field', 'webfield-t6-q3', apiKey, longField],
    ['in its field by default', 'web-t6-q3', apiKey, longField],
    ['as the provider marks it, for a key with this setting', 'webthink-t6-q3', keys.raw, marked],
    ['between tags, for a key with this setting', 'webraw-t6-q3', keys.think, longTagged],
    ['not at all, for a key with this setting', 'webraw-t6-q3', keys.strip, { content: longText }],
    ['in its field, for a key with this setting', 'webraw-t6-q3', keys.field, longField],
  ])('of a provider that marks it in its text is shown %s', verifies('001-39'), async (_name, model, key, expected) => {
    const { content, reasoning_content: reasoning } = (await whole(model, key)) ?? {};
    expect({ content, reasoning_content: reasoning }).toEqual({ reasoning_content: undefined, ...expected });
    expect(await streamed(model, { key })).toEqual([
      { content: expected.content, reasoning: reasoning ?? '', finishes: ['stop'] },
    ]);
  });

  it('belongs to its choice', async () => {
    const choices = await streamed('think-t4-q3', { n: 3 });
    expect(choices).toEqual(choices.map(() => ({ ...tagged, reasoning: '', finishes: ['stop'] })));
  });

  it('ends before a tool call', async () => {
    const tools = [{ type: 'function' as const, function: { name: 'look', parameters: { type: 'object' } } }];
    const client = sluice.client();
    const stream = client.chat.completions.stream({ ...ask('think-q3'), tools, stream: true });
    const seen: string[] = [];
    stream.on('chunk', ({ choices: [choice] }) => {
      if (choice?.delta.content) seen.push(choice.delta.content);
      if (choice?.delta.tool_calls) seen.push('call');
    });
    const { choices } = await stream.finalChatCompletion();
    expect(seen.join('')).toMatch(/^<think>think0 think1 think2 <\/think>(call)+$/);
    expect(choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('that is stripped is silence, during which the heartbeat continues', async () => {
    const answer = await openStream(sluice, { model: 'strip-t4-q20-i30', content: 'rid=x' });
    await answer.finish();
    expect(answer.content.comments.length).toBeGreaterThan(0);
    expect(readAnswer(answer)).toEqual({ text, isDone: true, errorCode: undefined });
  });
});

describe('an answer that breaks off', () => {
  it('in its text is resumed after the same reasoning', async () => {
    const answer = await openStream(sluice, { model: 'think-t12-q3-i5-reset-k8-n1', content: 'rid=x' });
    await answer.finish();
    expect(readAnswer(answer)).toEqual({
      text: `<think>${reasoning}</think>${tokensOf('x', 12)}`,
      isDone: true,
      errorCode: undefined,
    });
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });

  it('in its reasoning is resumed within the tag', async () => {
    const answer = await openStream(sluice, { model: 'think-t4-q9-i5-cut-k0-n1', content: 'rid=x' });
    await answer.finish();
    const { text: shown, isDone } = readAnswer(answer);
    expect(shown).toMatch(/^<think>(think\d )+<\/think>x\.0 x\.1 x\.2 x\.3 $/);
    expect(isDone).toBe(true);
    expect(await sluice.simulator.calls()).toHaveLength(2);
  });

  it('finally within its reasoning ends in an error without a closing tag', async () => {
    const answer = await startedStream(sluice, { model: 'think-t4-q9-i5-errev-k0', content: 'rid=x' });
    await answer.finish();
    const { text: shown, isDone, errorCode } = readAnswer(answer);
    expect(shown).toMatch(/^<think>(think\d )+$/);
    expect({ isDone, errorCode }).toEqual({ isDone: false, errorCode: expect.any(String) });
  });
});
