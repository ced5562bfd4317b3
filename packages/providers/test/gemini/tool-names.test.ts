import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.gemini.create({});
const rule = /^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/;

interface GeminiBody {
  readonly tools: readonly [{ readonly functionDeclarations: readonly { readonly name: string }[] }];
  readonly contents: readonly {
    readonly parts: readonly {
      readonly functionCall?: { readonly name: string };
      readonly functionResponse?: { readonly name: string };
    }[];
  }[];
  readonly toolConfig?: unknown;
}

const tool = (name: string): object => ({ type: 'function', function: { name, parameters: { type: 'object' } } });
const history = (name: string, at: number): readonly object[] => [
  {
    role: 'assistant',
    tool_calls: [{ id: `c${at}`, type: 'function', function: { name, arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: `c${at}`, content: 'x' },
];
const bodyOf = (body: object): GeminiBody =>
  JSON.parse(String(adapter.toUpstream({ ...body }, plan()).body)) as GeminiBody;
const declared = (body: object): readonly string[] =>
  bodyOf(body).tools[0].functionDeclarations.map(({ name }) => name);

/** Returns the name that the client receives for a call with Gemini's name, streamed and whole. */
function comesBackAs(body: object, name: string): readonly string[] {
  const answer = JSON.stringify({
    candidates: [{ content: { parts: [{ functionCall: { name, args: {} } }] }, finishReason: 'STOP' }],
  });
  const translator = adapter.translateStream({ ...body }, plan());
  const whole = adapter.translateWhole(answer, { ...body }, plan());
  const texts = [translator.push({ data: answer }), whole.kind === 'complete' ? whole.text : ''];
  return texts.map((text) => {
    const { choices } = JSON.parse(text.replace('data: ', '')) as {
      choices: { message?: Message; delta?: Message }[];
    };
    return (choices[0]?.message ?? choices[0]?.delta)?.tool_calls[0]?.function.name ?? '';
  });
}
interface Message {
  readonly tool_calls: readonly { readonly function: { readonly name: string } }[];
}

describe('names of functions that Gemini refuses', () => {
  const messages = [{ role: 'user', content: 'hi' }];

  it.each([
    [
      ['1c_probe', 'fine'],
      ['_1c_probe', 'fine'],
    ],
    [['-x'], ['_-x']],
    [
      ['1a', '_1a'],
      ['_1a_2', '_1a'],
    ],
    [
      ['_1a', '_1a_2', '1a'],
      ['_1a', '_1a_2', '_1a_3'],
    ],
    [
      ['fine', 'a-b', '_c'],
      ['fine', 'a-b', '_c'],
    ],
  ])('%j are declared as %j', (names, wanted) => {
    const body = { messages, tools: names.map(tool) };
    expect(declared(body)).toEqual(wanted);
    for (const [at, name] of wanted.entries()) expect(comesBackAs(body, name)).toEqual([names[at], names[at]]);
  });

  it('are equal in choices, calls and results', () => {
    const body = {
      messages: [...messages, ...history('1c_probe', 0)],
      tools: [tool('1c_probe')],
      tool_choice: { type: 'function', function: { name: '1c_probe' } },
    };
    const { contents, toolConfig } = bodyOf(body);
    expect(toolConfig).toEqual({ functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['_1c_probe'] } });
    expect(contents[1]?.parts[0]?.functionCall?.name).toBe('_1c_probe');
    expect(contents[2]?.parts[0]?.functionResponse?.name).toBe('_1c_probe');
  });

  it('remain distinct, whatever a history contains, and are mapped back', () => {
    const clientName = fc.stringMatching(/^[a-c1_-]{1,4}$/);
    const anyName = fc.oneof(clientName, fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }));
    fc.assert(
      fc.property(fc.uniqueArray(clientName, { minLength: 1, maxLength: 8 }), fc.array(anyName), (names, called) => {
        const body = { messages: [...messages, ...called.flatMap(history)], tools: names.map(tool) };
        const sent = declared(body);
        const { contents } = bodyOf(body);
        const inHistory = contents.flatMap(({ parts }) => parts.flatMap(({ functionCall: call }) => call?.name ?? []));
        const pairs = new Map([...names, ...called].map((name, at) => [name, [...sent, ...inHistory][at]]));
        expect([...sent, ...inHistory].every((name) => rule.test(name))).toBe(true);
        expect(new Set(pairs.values()).size).toBe(pairs.size);
        for (const [name, mapped = ''] of pairs) expect(comesBackAs(body, mapped)).toEqual([name, name]);
      }),
      { numRuns: 50 },
    );
  });
});
