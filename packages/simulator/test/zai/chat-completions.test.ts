import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { requestFor, simulate } from '../simulate.ts';

async function client(): Promise<OpenAI> {
  const { url } = await simulate();
  return new OpenAI({ apiKey: 'tok-a', baseURL: `${url}/api/paas/v4`, maxRetries: 0 });
}

/** Fields that the SDK's types lack. */
const glm = (fields: object): object => fields;

describe('the GLM API', () => {
  it('streams reasoning, text, and a last chunk with the usage', async () => {
    const { chat } = await client();
    const request = { ...requestFor('glm-4.7-t2', 'rid=x'), ...glm({ thinking: { type: 'enabled' } }) };
    const chunks = [];
    for await (const chunk of await chat.completions.create({ ...request, stream: true })) chunks.push(chunk);
    const deltas = chunks.map(({ choices }) => choices[0]?.delta);
    expect(deltas.map((delta) => delta && 'reasoning_content' in delta)).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(deltas.map((delta) => delta?.content ?? '').join('')).toBe('x.0 x.1 ');
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { completion_tokens: 6, completion_tokens_details: { reasoning_tokens: 4 } },
    });
  });

  it.each([
    ['glm-4.5-t1-q2', {}, 'think0 think1 ', 'x.0 '],
    ['glm-4.5-t1-q2', { thinking: { type: 'disabled' } }, undefined, 'x.0 '],
    ['glm-z1-think-t1-q1', {}, undefined, '<think>\nthink0 </think>\n<|begin_of_box|>x.0 <|end_of_box|>'],
  ])('answers %s with %j as a whole', async (model, fields, thoughts, content) => {
    const { chat } = await client();
    const answer = await chat.completions.create({ ...requestFor(model, 'rid=x'), ...glm(fields) });
    const message: { readonly content: string | null; readonly reasoning_content?: string } | undefined =
      answer.choices[0]?.message;
    expect([message?.reasoning_content, message?.content]).toEqual([thoughts, content]);
  });

  it.each([
    ['glm-4.5-sensitive-t1', 'sensitive'],
    ['glm-4.5-neterr-t1', 'network_error'],
  ])('ends %s with %s', async (model, reason) => {
    const { chat } = await client();
    expect((await chat.completions.create(requestFor(model))).choices[0]?.finish_reason).toBe(reason);
  });

  it.each([
    ['glm-quota', 429, '1113'],
    ['glm-policy', 400, '1301'],
    ['glm-ctxlen', 400, '1261'],
    ['glm-e401', 401, '1002'],
    ['glm-e404', 404, '1211'],
    ['glm-e429', 429, '1302'],
    ['glm-e503', 503, undefined],
  ])('refuses %s with %i and code %s', async (model, status, code) => {
    const { chat } = await client();
    const error: unknown = await chat.completions.create(requestFor(model)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(code === undefined ? { status } : { status, code });
  });

  it('returns search results', async () => {
    const { chat } = await client();
    const request = { ...requestFor('glm-4.5-t1'), ...glm({ tools: [{ type: 'web_search', web_search: {} }] }) };
    expect(await chat.completions.create(request)).toMatchObject({ web_search: [{ title: 'Lorem' }] });
  });
});
