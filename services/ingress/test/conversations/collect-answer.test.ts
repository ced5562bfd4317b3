import { expect, it } from 'vitest';
import { messageOf } from '../../src/conversations/collect-answer.ts';

const event = (delta: object, index = 0): string =>
  `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index, delta }] })}\n\n`;

it('reads the message of a whole answer', () => {
  const message = { role: 'assistant', content: 'Hi' };
  expect(messageOf(JSON.stringify({ choices: [{ index: 0, message }] }), false)).toEqual(message);
  expect(messageOf('{}', false)).toBeUndefined();
});

it('joins the texts of the first choice of a stream', () => {
  const answer = event({ role: 'assistant', content: 'H' }) + event({ content: 'no' }, 1) + event({ content: 'i' });
  expect(messageOf(answer, true)).toEqual({ role: 'assistant', content: 'Hi' });
});

it('joins the calls of a stream', () => {
  const piece = (index: number, of: object) => event({ tool_calls: [{ index, ...of }] });
  const answer =
    piece(0, { id: 'a', type: 'function', function: { name: 'one', arguments: '{"x"' } }) +
    piece(1, { id: 'b', type: 'function', function: { name: 'two', arguments: '' } }) +
    piece(0, { function: { arguments: ':1}' } });
  expect(messageOf(answer, true)).toEqual({
    role: 'assistant',
    content: '',
    tool_calls: [
      { id: 'a', type: 'function', function: { name: 'one', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'two', arguments: '' } },
    ],
  });
});
