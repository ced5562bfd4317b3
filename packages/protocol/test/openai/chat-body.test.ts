import { isChatBody, readChatBody, writeLossless } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';

const user = { role: 'user', content: 'hi' };

describe('a stored body', () => {
  it('is read with unknown fields, digits and the order of members', () => {
    const text =
      '{"temperature":1.0,"seed":9007199254740993,"messages":[{"role":"user","content":"a","10":1}],"own":{}}';
    expect(writeLossless(readChatBody(text))).toBe(text);
  });

  it.each(['', '{', '[]', 'null', '"text"', '{"messages":{}}', '{"messages":[{"content":"a"}]}'])(
    'is not read from %s',
    (text) => {
      expect(() => readChatBody(text)).toThrow(SyntaxError);
    },
  );

  it('of embeddings may contain any field that a chat defines', () => {
    expect(readChatBody('{"input":"a","messages":7,"tools":"x"}', 'embeddings')).toEqual({
      input: 'a',
      messages: 7,
      tools: 'x',
    });
    expect(() => readChatBody('[]', 'embeddings')).toThrow(SyntaxError);
  });
});

describe('the kinds in a body', () => {
  it.each<[string, object]>([
    ['no field', {}],
    ['a text', { messages: [user] }],
    ['parts of unknown types', { messages: [{ role: 'user', content: [{ type: 'hologram' }] }] }],
    ['an empty answer', { messages: [{ role: 'assistant', content: null, tool_calls: null }] }],
    ['calls', { messages: [{ role: 'assistant', tool_calls: [{ type: 'function' }] }] }],
    ['an unknown field that is named like one of an answer', { messages: [{ ...user, tool_calls: 'x' }] }],
    ['tools', { messages: [user], tools: [{ type: 'function' }, { type: 'web_search' }] }],
  ])('are told apart in %s', (_what, body) => {
    expect(isChatBody(body)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['messages that are null', { messages: null }],
    ['tools that are null', { messages: [user], tools: null }],
    ['messages that are not a list', { messages: 'hi' }],
    ['a message that is not an object', { messages: ['hi'] }],
    ['a message without a role', { messages: [{ content: 'hi' }] }],
    ['content that is neither text nor list', { messages: [{ role: 'user', content: 1 }] }],
    ['a part without a type', { messages: [{ role: 'user', content: [{ text: 'hi' }] }] }],
    ['a call without a type', { messages: [{ role: 'assistant', tool_calls: [{ id: '1' }] }] }],
    ['a tool without a type', { tools: [{}] }],
  ])('are missing in %s', (_what, body) => {
    expect(isChatBody(body)).toBe(false);
  });
});
