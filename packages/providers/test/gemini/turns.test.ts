import { providers } from '@sluice/providers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';
import { untyped } from '../body.ts';

const adapter = providers.gemini.create({});

interface Part {
  readonly text?: string;
  readonly functionCall?: { readonly id: string };
  readonly functionResponse?: { readonly id: string; readonly response: unknown };
}
interface Content {
  readonly role: string;
  readonly parts: readonly Part[];
}

const contentsOf = (...messages: readonly object[]): readonly Content[] =>
  (JSON.parse(String(adapter.toUpstream(untyped({ messages }), plan()).body)) as { contents: readonly Content[] })
    .contents;

const user = (content: unknown): object => ({ role: 'user', content });
const said = (content: unknown): object => ({ role: 'assistant', content });
const call = (...ids: readonly string[]): object => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
});
const result = (id: string, content: string): object => ({ role: 'tool', tool_call_id: id, content });

/** Short form of turns: `u` text, `m` text, calls as `c:id`, results as `r:id=output`. */
const shape = (...messages: readonly object[]): readonly string[] =>
  contentsOf(...messages).map(({ role, parts }) => {
    const words = parts.map(({ text, functionCall, functionResponse }) => {
      if (functionCall) return `c:${functionCall.id}`;
      if (functionResponse) return `r:${functionResponse.id}=${JSON.stringify(functionResponse.response)}`;
      return text;
    });
    return `${role === 'user' ? 'u' : 'm'} ${words.join(' | ')}`;
  });

const missing = '{"error":"The result of this call is missing."}';

describe("the order of Gemini's turns", () => {
  it.each<[string, readonly object[], readonly string[]]>([
    ['starts with a user turn', [call('1'), result('1', 'x')], ['u  ', 'm c:1', 'u r:1={"output":"x"}']],
    [
      'merges consecutive messages of the model',
      [user('go'), said('I look.'), call('1'), result('1', 'x')],
      ['u go', 'm I look. | c:1', 'u r:1={"output":"x"}'],
    ],
    [
      'has results in the order of their calls',
      [user('go'), call('1', '2'), result('2', 'b'), result('1', 'a')],
      ['u go', 'm c:1 | c:2', 'u r:1={"output":"a"} | r:2={"output":"b"}'],
    ],
    [
      'has results before later user messages',
      [user('go'), call('1'), user('hurry'), result('1', 'a')],
      ['u go', 'm c:1', 'u r:1={"output":"a"}', 'u hurry'],
    ],
    [
      'gives distinct ids to calls of one turn with the same id',
      [user('go'), call('1', '1'), result('1', 'a'), result('1', 'b')],
      ['u go', 'm c:1 | c:1_2', 'u r:1={"output":"a"} | r:1_2={"output":"b"}'],
    ],
    [
      'gives distinct ids to calls of two turns with the same id',
      [user('go'), call('1'), result('1', 'a'), call('1'), result('1', 'b')],
      ['u go', 'm c:1', 'u r:1={"output":"a"}', 'm c:1_2', 'u r:1_2={"output":"b"}'],
    ],
    [
      'reports a missing result',
      [user('go'), call('1', '2'), result('2', 'b')],
      ['u go', 'm c:1 | c:2', `u r:1=${missing} | r:2={"output":"b"}`],
    ],
    ['reports that there is no result', [user('go'), call('1')], ['u go', 'm c:1', `u r:1=${missing}`]],
    [
      'sends a result without its call as text',
      [result('1', 'a'), user('so?')],
      ['u Result of the tool call 1: | a', 'u so?'],
    ],
    ['omits empty turns', [user('a'), said(null), user('b'), said('')], ['u a', 'u b']],
    ['has a turn even if all messages are empty', [user('')], ['u  ']],
  ])('%s', (_what, messages, wanted) => {
    expect(shape(...messages)).toEqual(wanted);
  });

  it('is valid for every history', () => {
    const id = fc.constantFrom('1', '2', '3');
    const message = fc.oneof(
      fc.constant({ role: 'system', content: 's' }),
      fc.constantFrom(user('u'), user(''), said('a'), said(null), said('')),
      fc.array(id, { minLength: 1, maxLength: 3 }).map((ids) => call(...ids)),
      id.map((each) => result(each, 'x')),
    );
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 12 }), (messages) => {
        const contents = contentsOf(...messages);
        const calls = contents.flatMap(({ parts }) => parts.flatMap(({ functionCall }) => functionCall?.id ?? []));
        expect(new Set(calls).size).toBe(calls.length);
        expect(contents[0]?.role).toBe('user');
        for (const [at, { role, parts }] of contents.entries()) {
          expect(parts.length).toBeGreaterThan(0);
          const called = parts.flatMap(({ functionCall }) => functionCall?.id ?? []);
          const next = contents[at + 1];
          const answered = next?.parts.flatMap(({ functionResponse }) => functionResponse?.id ?? []) ?? [];
          expect(answered).toEqual(called);
          if (role === 'model') expect(contents[at - 1]?.role).toBe('user');
        }
      }),
    );
  });
});
