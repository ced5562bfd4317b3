import { type ChatBody, parseLossless } from '@sluice/protocol';
import { fitRequest, type ProviderAdapter, providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

/** JSON that JavaScript would change: integers above 2^53, names that look like integers, long decimals. */
const hard =
  '{"record_id":2512292042121000001,"2":"b","1":"a","deep":[{"10":9007199254740993,"9":-0.12345678901234567890}]}';

interface Case {
  readonly adapter: ProviderAdapter;
  /** Returns a whole answer with a call with these arguments. */
  whole(args: string): string;
  events(args: string): readonly string[];
}

const claudeStart = '{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}';
const claudeEnd = ['{"type":"message_delta","delta":{"stop_reason":"tool_use"}}', '{"type":"message_stop"}'];
const claudeCall = (args: string): string => `{"type":"tool_use","id":"t","name":"f","input":${args}}`;
const gemini = (args: string): string =>
  `{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":${args}}}]},"finishReason":"STOP"}]}`;
const ollama = (args: string): string =>
  `{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":${args}}}]},"done":true,"done_reason":"stop"}`;

const cases = {
  gemini: { adapter: providers.gemini.create({}), whole: gemini, events: (args) => [gemini(args)] },
  ollama: { adapter: providers.ollama.create({}), whole: ollama, events: (args) => [ollama(args)] },
  anthropic: {
    adapter: providers.anthropic.create({}),
    whole: (args) => `{"id":"m","content":[${claudeCall(args)}],"stop_reason":"tool_use"}`,
    events: (args) => [
      claudeStart,
      `{"type":"content_block_start","index":0,"content_block":${claudeCall(args)}}`,
      '{"type":"content_block_stop","index":0}',
      ...claudeEnd,
    ],
  },
} as const satisfies Readonly<Record<string, Case>>;

const bodyOf = (text: string): ChatBody => parseLossless(text) as ChatBody;

function argumentsOf(text: string): string | undefined {
  const { choices } = JSON.parse(text.replace(/^data: /, '')) as {
    choices: { message?: Message; delta?: Message }[];
  };
  return (choices[0]?.message ?? choices[0]?.delta)?.tool_calls?.[0]?.function.arguments;
}
interface Message {
  readonly tool_calls?: readonly { readonly function: { readonly arguments: string } }[];
}

function received({ adapter, whole, events }: Case, args: string): readonly string[] {
  const translated = adapter.translateWhole(whole(args), {}, plan());
  const translator = adapter.translateStream({}, plan());
  const chunks = events(args)
    .map((data) => translator.push({ data }))
    .join('')
    .split('\n\n')
    .filter((each) => each !== '');
  const streamed = chunks.map((each) => argumentsOf(each) ?? '').join('');
  return [translated.kind === 'complete' ? (argumentsOf(translated.text) ?? '') : '', streamed];
}

function sent({ adapter }: Case, text: string): string {
  const fitted = fitRequest(bodyOf(text), adapter, { model: 'm', dropUnsupported: false });
  if (fitted.kind !== 'fits') throw new Error(fitted.failure.message);
  return String(adapter.toUpstream(fitted.body, plan()).body);
}

const user = '{"role":"user","content":"hi"}';
const history = (args: string): string =>
  `{"messages":[${user},{"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":${JSON.stringify(args)}}}]},{"role":"tool","tool_call_id":"1","content":${JSON.stringify(args)}}]}`;
const withTool = (schema: string): string =>
  `{"messages":[${user}],"tools":[{"type":"function","function":{"name":"f","parameters":${schema}}}]}`;
const withFormat = (schema: string): string =>
  `{"messages":[${user}],"response_format":{"type":"json_schema","json_schema":{"name":"r","schema":${schema}}}}`;

describe.each<[string, Case]>(Object.entries(cases))('JSON that passes through %s', (type, each) => {
  it('keeps its digits and its order in answers', () => {
    expect(received(each, hard)).toEqual([hard, hard]);
  });

  it('keeps its digits and its order in histories', () => {
    expect(sent(each, history(hard))).toContain(hard);
  });

  it('keeps its digits and its order in schemas', () => {
    const schema =
      '{"type":"object","properties":{"2":{"type":"integer","maximum":9223372036854775807},"1":{"type":"null"}},"required":["2"]}';
    expect(sent(each, withTool(schema))).toContain(schema);
    const format = sent(each, withFormat(schema));
    expect(format).toContain('9223372036854775807');
    expect(format.indexOf('"2":')).toBeLessThan(format.indexOf('"1":'));
    if (type !== 'anthropic') expect(format).toContain(schema);
  });

  it('is unchanged for any JSON', () => {
    const digits = fc.bigInt({ min: 2n ** 50n, max: 2n ** 70n }).map(String);
    const value = fc.oneof(
      digits,
      fc.json({ maxDepth: 2 }),
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
    );
    const name = fc.oneof(fc.nat().map(String), fc.string({ maxLength: 5 }));
    const members = fc.uniqueArray(fc.tuple(name, value), { maxLength: 5, selector: ([each]) => each });
    fc.assert(
      fc.property(members, (list) => {
        const text = `{${list.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`;
        expect(received(each, text)).toEqual([text, text]);
        expect(sent(each, history(text))).toContain(text);
      }),
    );
  });
});

describe('a text that looks like a marked value', () => {
  const odd = '\uFDD1\uFDD7#12';
  const call = '{"functionCall":{"name":"f","args":{"a":"\uFDD1\uFDD7=x"}}}';
  const answers: Readonly<Record<string, readonly [ProviderAdapter, string]>> = {
    gemini: [cases.gemini.adapter, `{"candidates":[{"content":{"parts":[{"text":"${odd}"}]},"finishReason":"STOP"}]}`],
    'gemini beside a call': [
      cases.gemini.adapter,
      `{"candidates":[{"content":{"parts":[{"text":"${odd}"},${call}]},"finishReason":"STOP"}]}`,
    ],
    ollama: [cases.ollama.adapter, `{"message":{"content":"${odd}"},"done":true}`],
    'ollama beside a call': [cases.ollama.adapter, ollama('{}').replace('"content":""', `"content":"${odd}"`)],
    anthropic: [cases.anthropic.adapter, `{"content":[{"type":"text","text":"${odd}"}],"stop_reason":"end_turn"}`],
    bailian: [providers.bailian.create({}), `{"output":{"text":"${odd}","finish_reason":"stop"}}`],
  };

  it.each(Object.entries(answers))('passes through %s unchanged', (_where, [adapter, text]) => {
    const whole = adapter.translateWhole(text, {}, plan());
    const { choices } = JSON.parse(whole.kind === 'complete' ? whole.text : '{}') as {
      choices: { message: { content: unknown } }[];
    };
    expect(choices[0]?.message.content).toBe(odd);
    if (adapter.type === 'anthropic') return;
    const translator = adapter.translateStream({}, plan());
    const [chunk = ''] = translator.push({ data: text }).split('\n\n');
    expect(JSON.parse(chunk.slice('data: '.length))).toMatchObject({ choices: [{ delta: { content: odd } }] });
  });
});

describe('numbers of a request', () => {
  it('reach Ollama and Bailian digit by digit', () => {
    const text = `{"messages":[${user}],"seed":9007199254740993}`;
    expect(sent(cases.ollama, text)).toContain('"seed":9007199254740993');
    const bailian = providers.bailian.create({});
    expect(String(bailian.toUpstream(bodyOf(text), plan()).body)).toContain('"seed":9007199254740993');
    const vars = `{"messages":[${user}],"biz_params":${hard}}`;
    expect(String(bailian.toUpstream(bodyOf(vars), plan()).body)).toContain(hard);
    const coze = providers.coze.create({});
    expect(String(coze.toUpstream(bodyOf(`{"messages":[${user}],"parameters":${hard}}`), plan()).body)).toContain(hard);
  });

  it('are refused with the name of the field if they are too large for Gemini', () => {
    const body = bodyOf(`{"messages":[${user}],"seed":9007199254740993}`);
    const fitted = fitRequest(body, providers.gemini.create({}), { model: 'm', dropUnsupported: false });
    expect(fitted).toMatchObject({ kind: 'unsupported', failure: { param: 'seed' } });
  });
});
