import { describe, expect, it } from 'vitest';
import { toItems, toMessages, toStoredItem } from '../../src/conversations/items.ts';

const call = { id: 'c1', type: 'function', function: { name: 'now', arguments: '{}' } };
const image = { type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'auto' } };
const text = (of: string) => ({ type: 'text', text: of });

describe('messages that become items', () => {
  it.each<[string, object]>([
    ['a question', { role: 'user', content: [text('Hi')] }],
    ['a question with an image', { role: 'user', content: [text('What is it?'), image] }],
    ['a question with a file', { role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }],
    [
      'a question with sound',
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] },
    ],
    ['an answer', { role: 'assistant', content: [text('Hello')] }],
    ['an answer with a call', { role: 'assistant', content: [text('Wait')], tool_calls: [call] }],
    ['calls without a text', { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'c2' }] }],
    ['the result of a call', { role: 'tool', tool_call_id: 'c1', content: 'noon' }],
  ])('come back: %s', (_what, message) => {
    expect(toMessages(toItems(message))).toEqual([message]);
  });

  it('have parts in the form of the API', () => {
    expect(toItems({ role: 'user', content: 'Hi' })).toMatchObject([
      { type: 'message', role: 'user', status: 'completed', content: [{ type: 'input_text', text: 'Hi' }] },
    ]);
    expect(toItems({ role: 'assistant', content: 'Hi' })).toMatchObject([
      { content: [{ type: 'output_text', text: 'Hi', annotations: [] }] },
    ]);
  });

  it('have ids of their own', () => {
    const ids = [toItems({ role: 'user', content: 'a' }), toItems({ role: 'user', content: 'a' })].flat();
    expect(new Set(ids.map(({ id }) => id)).size).toBe(2);
  });

  it('keep the deprecated call of a function', () => {
    const asked = { role: 'assistant', content: null, function_call: { name: 'now', arguments: '{}' } };
    const told = { role: 'function', name: 'now', content: 'noon' };
    expect(toMessages([asked, told].flatMap(toItems))).toEqual([
      { role: 'assistant', content: null, tool_calls: [{ ...call, id: 'now' }] },
      { role: 'tool', tool_call_id: 'now', content: 'noon' },
    ]);
  });
});

it('leaves items out that no message can hold', () => {
  expect(toMessages([toStoredItem({ type: 'reasoning', summary: [] })])).toEqual([]);
});
