import { describe, expect, it } from 'vitest';
import { refusalOf } from './refusal-of.ts';

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const wide = (elements: number): string => `[${Array.from({ length: elements }, () => 0).join(',')}]`;

const user = { role: 'user', content: 'hi' };
const call = (text: string) => ({ id: 'c', type: 'function', function: { name: 'f', arguments: text } });
const tool = (content: unknown) => ({ role: 'tool', tool_call_id: 'c', content });

/** Requests with this text at each place where an adapter of some provider parses it. */
const places: readonly [field: string, messages: (text: string) => readonly object[]][] = [
  ['messages[1].tool_calls[0].function.arguments', (text) => [user, { role: 'assistant', tool_calls: [call(text)] }]],
  [
    'messages[1].tool_calls[1].function.arguments',
    (text) => [user, { role: 'assistant', content: null, tool_calls: [call('{}'), call(text)] }],
  ],
  [
    'messages[1].tool_calls[0].function.arguments',
    (text) => [user, { role: 'assistant', tool_calls: [{ ...call(text), type: 'of_a_provider' }] }],
  ],
  [
    'messages[1].function_call.arguments',
    (text) => [user, { role: 'assistant', function_call: { name: 'f', arguments: text } }],
  ],
  ['messages[1].content', (text) => [user, tool(text)]],
  ['messages[1].content', (text) => [user, tool([{ type: 'text', text }])]],
  [
    'messages[1].content',
    (text) => [user, tool([text.slice(0, 40), text.slice(40)].map((part) => ({ type: 'text', text: part })))],
  ],
  ['messages[1].content', (text) => [user, { role: 'function', name: 'f', content: text }]],
];

const refusal = (messages: readonly object[]) => refusalOf({ model: 'm', messages });
const isCall = (field: string): boolean => field.includes('arguments');

describe('JSON inside a text', () => {
  it.each(places)('nested 65 deep in %s is refused with the name of the field', (field, messages) => {
    expect(refusal(messages(nested(64)))).toBeUndefined();
    expect(refusal(messages(nested(65)))).toMatchObject({
      code: 'json_too_deep',
      param: field,
      message: expect.stringContaining('64 levels'),
    });
    expect(refusal(messages(`{"a":${'['.repeat(100_000)}`))).toMatchObject({ param: field });
  });

  it.each(places)('with too many elements in %s is refused with the name of the field', (field, messages) => {
    const most = isCall(field) ? 10_000 : 100_000;
    expect(refusal(messages(wide(most)))).toBeUndefined();
    expect(refusal(messages(wide(most + 1)))).toMatchObject({ code: 'json_too_deep', param: field });
  });

  it('is counted over all texts of a request', () => {
    const calls = Array.from({ length: 10 }, () => call(wide(9000)));
    const messages = [user, { role: 'assistant', tool_calls: calls }];
    expect(refusal([...messages, tool(wide(10_000))])).toBeUndefined();
    expect(refusal([...messages, tool('[]'), tool(wide(10_000))])).toMatchObject({
      code: 'json_too_deep',
      param: 'messages[3].content',
    });
  });

  it('may be a megabyte of arguments long', () => {
    const argumentsOf = (length: number) => [user, { role: 'assistant', tool_calls: [call('x'.repeat(length))] }];
    expect(refusal(argumentsOf(1024 * 1024))).toBeUndefined();
    expect(refusal(argumentsOf(1024 * 1024 + 1))).toMatchObject({
      code: 'string_above_max_length',
      param: 'messages[1].tool_calls[0].function.arguments',
    });
  });

  it.each([
    ['terminal output', `[1/4] Resolving\n${'\u001b[32m[ok]\u001b[0m\n'.repeat(5000)}`],
    ['a log', '[INFO] [a] [b] {\n'.repeat(5000)],
    ['a long text', 'x'.repeat(3_000_000)],
    ['a long row of brackets in a string', JSON.stringify({ text: '['.repeat(1000) })],
  ])('is not expected in %s', (_, content) => {
    expect(refusal([user, tool(content)])).toBeUndefined();
    expect(refusal([{ role: 'user', content: '['.repeat(1000) }])).toBeUndefined();
  });
});
