import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { simulate } from '../simulate.ts';

interface Answer {
  readonly status: number;
  readonly text: string;
}

const ask = (text = 'hello'): object => ({ contents: [{ role: 'user', parts: [{ text }] }] });
const thinking = { generationConfig: { thinkingConfig: { includeThoughts: true } } };

/** Sends a request to the path of a model and its action, as in `gemini-2.5-flash-t3:generateContent`. */
async function post(simulator: Simulator, path: string, body: object = ask(), key = 'tok-a'): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(key === '' ? {} : { 'x-goog-api-key': key }) };
  const url = `${simulator.url}/v1beta/models/${path}`;
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, text: await response.text() };
}

interface Wire {
  readonly candidates: readonly {
    readonly content: { readonly parts: readonly Part[] };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata: object;
}
interface Part {
  readonly text?: string;
  readonly thought?: boolean;
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args: object };
  readonly thoughtSignature?: string;
}

const whole = ({ text }: Answer): Wire => JSON.parse(text) as Wire;
const events = ({ text }: Answer): readonly Wire[] =>
  text.split('\n\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event.slice('data: '.length)) as Wire]));
const partsOf = (answers: readonly Wire[]): readonly Part[] =>
  answers.flatMap(({ candidates }) => candidates.flatMap(({ content }) => content.parts));
const errorOf = ({ text }: Answer): unknown => (JSON.parse(text) as { error: unknown }).error;

describe("the simulator's Gemini", () => {
  it('gives the same answer, streamed and whole, each time', async () => {
    const simulator = await simulate();
    const answer = await post(simulator, 'demo-t5-q2:generateContent', { ...ask(), ...thinking });
    const stream = await post(simulator, 'demo-t5-q2:streamGenerateContent?alt=sse', { ...ask(), ...thinking });
    const [thoughts, said] = [true, undefined].map((kind) =>
      partsOf(events(stream)).flatMap(({ text = '', thought }) => (thought === kind ? [text] : [])),
    );
    expect(said).toHaveLength(6);
    expect(whole(answer).candidates).toEqual([
      {
        content: {
          parts: [{ text: 'think0 ', thought: true }, { text: 'think1 ', thought: true }, { text: said?.join('') }],
          role: 'model',
        },
        finishReason: 'STOP',
        index: 0,
      },
    ]);
    expect(thoughts).toEqual(['think0 ', 'think1 ']);
    const usageMetadata = { candidatesTokenCount: 5, thoughtsTokenCount: 2 };
    expect(whole(answer)).toMatchObject({ usageMetadata });
    expect(events(stream).at(-1)).toMatchObject({ candidates: [{ finishReason: 'STOP' }], usageMetadata });
    expect((await post(simulator, 'demo-t5-q2:generateContent', { ...ask(), ...thinking })).text).toBe(answer.text);
  });

  it('shows its reasoning only on request, and has none if it is turned off', async () => {
    const simulator = await simulate();
    const hidden = whole(await post(simulator, 'demo-t1-q2:generateContent'));
    expect(partsOf([hidden])).toHaveLength(1);
    expect(hidden.usageMetadata).toMatchObject({ thoughtsTokenCount: 2 });
    const none = { ...ask(), generationConfig: { thinkingConfig: { thinkingBudget: 0 } } };
    expect(whole(await post(simulator, 'demo-t1-q2:generateContent', none)).usageMetadata).not.toHaveProperty(
      'thoughtsTokenCount',
    );
  });

  const tools = [{ functionDeclarations: [{ name: 'f', parametersJsonSchema: { type: 'object' } }, { name: 'g' }] }];

  it('calls functions, each in one part, and answers after their results', async () => {
    const simulator = await simulate();
    const stream = await post(simulator, 'gemini-3-parallel:streamGenerateContent', { ...ask(), tools });
    const parts = partsOf(events(stream)).filter(({ functionCall }) => functionCall !== undefined);
    expect(parts).toEqual([
      { functionCall: { name: 'f', args: {} }, thoughtSignature: expect.any(String) },
      { functionCall: { id: expect.any(String), name: 'g', args: {} } },
    ]);
    const results = ['f', 'g'].map((name) => ({ functionResponse: { name, response: { output: 'x' } } }));
    const history = (calls: readonly object[]): object => ({
      contents: [
        { role: 'user', parts: [{ text: 'hello' }] },
        { role: 'model', parts: calls },
        { role: 'user', parts: results },
      ],
      tools,
    });
    const next = (calls: readonly object[]) => post(simulator, 'gemini-3:generateContent', history(calls));
    expect(partsOf([whole(await next(parts))])[0]?.text).toMatch(/\w/);
    expect(errorOf(await next(parts.slice(0, 1)))).toMatchObject({ message: expect.stringContaining('number of') });
    const unsigned = parts.map(({ functionCall }) => ({ functionCall }));
    expect(errorOf(await next(unsigned))).toMatchObject({ message: expect.stringContaining('thought_signature') });
  });

  it('calls only allowed functions, and none if forbidden', async () => {
    const simulator = await simulate();
    const call = async (functionCallingConfig: object): Promise<unknown> => {
      const body = { ...ask(), tools, toolConfig: { functionCallingConfig } };
      return partsOf([whole(await post(simulator, 'demo-t1:generateContent', body))])[0]?.functionCall?.name;
    };
    expect(await call({ mode: 'ANY', allowedFunctionNames: ['g'] })).toBe('g');
    expect(await call({ mode: 'NONE' })).toBeUndefined();
  });

  it('answers in JSON and stops at the limit', async () => {
    const simulator = await simulate();
    const config = (generationConfig: object): object => ({ ...ask(), generationConfig });
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const json = config({ responseMimeType: 'application/json', responseJsonSchema: schema });
    const [part] = partsOf([whole(await post(simulator, 'demo:generateContent', json))]);
    expect(JSON.parse(part?.text ?? '')).toEqual({ ok: expect.any(Boolean) });
    const short = whole(await post(simulator, 'demo-t9:generateContent', config({ maxOutputTokens: 2 })));
    expect(short.candidates[0]?.finishReason).toBe('MAX_TOKENS');
  });

  it.each<[string, object, string]>([
    ['an unknown field', { ...ask(), messages: [] }, 'Unknown name "messages"'],
    ['an unknown setting', { ...ask(), generationConfig: { n: 2 } }, "at 'generation_config'"],
    ['an unknown kind of part', { contents: [{ role: 'user', parts: [{ image_url: 'x' }] }] }, 'image_url'],
    ['no contents', { contents: [] }, 'contents is not specified'],
    ['no parts', { contents: [{ role: 'user', parts: [] }] }, 'must not be empty'],
    ['a role of another provider', { contents: [{ role: 'assistant', parts: [{ text: 'x' }] }] }, 'valid role'],
    [
      'two settings for reasoning',
      { ...ask(), generationConfig: { thinkingConfig: { thinkingBudget: 1, thinkingLevel: 'LOW' } } },
      'only one of',
    ],
    [
      'a call before any message',
      { contents: [{ role: 'model', parts: [{ functionCall: { name: 'f' } }] }] },
      'immediately after',
    ],
    [
      'a result without its call',
      { contents: [{ role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }] },
      'equal to the number of function call parts',
    ],
    [
      'a name that begins with a digit',
      { ...ask(), tools: [{ functionDeclarations: [{ name: '1f' }] }] },
      'Must start with a letter',
    ],
    [
      'names that AUTO does not accept',
      { ...ask(), toolConfig: { functionCallingConfig: { allowedFunctionNames: [] } } },
      'ANY',
    ],
  ])('refuses %s', async (_what, body, message) => {
    const answer = await post(await simulate(), 'demo:generateContent', body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({
      code: 400,
      status: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  it.each([
    ['demo-e429', 429, 'RESOURCE_EXHAUSTED'],
    ['demo-e503', 503, 'UNAVAILABLE'],
    ['demo-e404', 404, 'NOT_FOUND'],
    ['demo-quota', 429, 'RESOURCE_EXHAUSTED'],
    ['demo-ctxlen', 400, 'INVALID_ARGUMENT'],
    ['demo-busy1', 400, 'INVALID_ARGUMENT'],
  ])('fails according to %s, in the shape of Gemini', async (model, status, code) => {
    const answer = await post(await simulate(), `${model}:generateContent`);
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toMatchObject({ code: status, status: code, message: expect.stringMatching(/\w/) });
  });

  it('blocks a prompt with an answer that has no candidates', async () => {
    const answer = await post(await simulate(), 'demo-policy:generateContent');
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { promptFeedback: { blockReason: 'SAFETY' } }]);
  });

  it('interrupts a stream with an error that is not an event, and sends no end mark', async () => {
    const simulator = await simulate();
    const { text } = await post(simulator, 'demo-t5-errev:streamGenerateContent');
    expect(text.slice(0, text.indexOf('{\n')).split('\n\n')).toHaveLength(3);
    expect(JSON.parse(text.slice(text.indexOf('{\n')))).toMatchObject({ error: { status: 'INTERNAL' } });
    expect((await post(simulator, 'demo-t1:streamGenerateContent')).text).not.toContain('[DONE]');
  });

  it('requires a key in its header, and records it in the audit', async () => {
    const simulator = await simulate();
    expect((await post(simulator, 'demo:generateContent', ask(), '')).status).toBe(403);
    await post(simulator, 'demo-t1:generateContent', ask(), 'tok-b');
    expect(simulator.calls().at(-1)).toMatchObject({ credential: 'tok-b', model: 'demo-t1', outcome: 'finished' });
  });
});
