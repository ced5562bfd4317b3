import type { JsonObject } from '@sluice/protocol';
import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitRequest } from '../src/index.ts';
import { plan } from './plan.ts';

const adapters = {
  gemini: providers.gemini.create({}),
  anthropic: providers.anthropic.create({}),
  ollama: providers.ollama.create({}),
};

const history = (text: string): object => ({
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: text } }] },
    { role: 'tool', tool_call_id: '1', content: 'x' },
  ],
});
const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;

describe.each(Object.entries(adapters))('JSON in the texts of a request for %s', (_type, adapter) => {
  const fit = (body: object, dropUnsupported = false) =>
    fitRequest({ ...body }, adapter, { model: 'm', dropUnsupported });

  it.each([
    ['deep', nested(10_000_000)],
    ['a level too deep', nested(65)],
    ['wide', `{"a":[${'0,'.repeat(10_000)}0]}`],
    ['long', `{"a":"${'x'.repeat(1_048_576)}"}`],
  ])('is refused with the name of its field if it is %s, even if fields may be dropped', (_how, text) => {
    const failure = { kind: 'invalid_request', param: 'messages[1].tool_calls[0].function.arguments' };
    expect(fit(history(text))).toMatchObject({ kind: 'unsupported', failure });
    expect(fit(history(text), true)).toMatchObject({ kind: 'unsupported', failure });
  });

  it('is accepted up to the limits', () => {
    for (const text of [nested(64), `{"a":[${'0,'.repeat(9990)}0]}`, `{"a":"${'x'.repeat(1_048_000)}"}`]) {
      const body = history(text);
      expect(fit(body)).toMatchObject({ kind: 'fits' });
      expect(String(adapter.toUpstream({ ...body }, plan()).body)).toContain(text.slice(5, -1));
    }
  });

  it('never makes an adapter throw, whatever its content', () => {
    const bracket = fc.stringMatching(/^[[\]{}":,a0]{0,40}$/);
    fc.assert(
      fc.property(fc.oneof(bracket, fc.json(), fc.constant('['.repeat(100_000))), (text) => {
        const body: JsonObject = {
          messages: [
            { role: 'user', content: 'hi' },
            { role: 'tool', tool_call_id: '1', content: text },
          ],
        };
        const fitted = fit(history(text), true);
        if (fitted.kind === 'fits') adapter.toUpstream(fitted.body, plan());
        expect(typeof adapter.toUpstream({ ...body }, plan()).body).toBe('string');
      }),
    );
  });
});

describe('a result of a tool', () => {
  it.each([nested(10_000), `[${'0,'.repeat(10_000)}0]`])(
    'is sent to Gemini as text if it is too large to be parsed',
    (text) => {
      const body: JsonObject = {
        messages: [
          { role: 'user', content: 'hi' },
          { role: 'assistant', tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '' } }] },
          { role: 'tool', tool_call_id: '1', content: text },
        ],
      };
      expect(fitRequest(body, adapters.gemini, { model: 'm', dropUnsupported: false }).kind).toBe('fits');
      const { contents } = JSON.parse(String(adapters.gemini.toUpstream(body, plan()).body)) as {
        contents: { parts: { functionResponse?: { response: unknown } }[] }[];
      };
      expect(contents[2]?.parts[0]?.functionResponse?.response).toEqual({ output: text });
    },
  );
});
