import { describe, expect, it } from 'vitest';
import type { Delta } from '../../src/answer/chunk-writer.ts';
import { createMessagePieces, type MessagePieces } from '../../src/coze/pieces.ts';
import { messageSchema } from '../../src/coze/wire.ts';

type Give = (delta: Delta) => void;
type Step = (pieces: MessagePieces, give: Give) => void;

const piece =
  (message: object): Step =>
  (pieces, give) =>
    pieces.takePiece(messageSchema.parse(message), give);
const whole =
  (message: object): Step =>
  (pieces, give) =>
    pieces.takeWhole(messageSchema.parse(message), give);

describe('the messages of a stream', () => {
  it.each<[what: string, steps: Step[], given: Delta[]]>([
    [
      'pieces of one message, joined without a separator',
      [piece({ id: 'm', content: 'Hel' }), piece({ id: 'm', content: 'lo' })],
      [{ content: 'Hel' }, { content: 'lo' }],
    ],
    [
      'a blank line between two messages',
      [piece({ id: 'm', content: 'a' }), piece({ id: 'n', content: 'b' }), piece({ id: 'n', content: 'c' })],
      [{ content: 'a' }, { content: '\n\nb' }, { content: 'c' }],
    ],
    [
      'no text of a whole message that came in pieces',
      [piece({ id: 'm', content: 'a' }), whole({ id: 'm', content: 'a' })],
      [{ content: 'a' }],
    ],
    [
      'the text of a whole message that did not come in pieces',
      [piece({ id: 'm', content: 'a' }), whole({ id: 'n', content: 'b' })],
      [{ content: 'a' }, { content: '\n\nb' }],
    ],
    [
      'the text of a whole message of which only the reasoning came in pieces',
      [piece({ id: 'm', reasoning_content: 'Hm.' }), whole({ id: 'm', content: 'a', reasoning_content: 'Hm.' })],
      [{ reasoning_content: 'Hm.' }, { content: 'a' }],
    ],
    [
      'the reasoning of a whole message of which only the text came in pieces',
      [piece({ id: 'm', content: 'a' }), whole({ id: 'm', content: 'a', reasoning_content: 'Hm.' })],
      [{ content: 'a' }, { reasoning_content: 'Hm.' }],
    ],
    [
      'reasoning before the text of the same piece, and no separator for it',
      [piece({ id: 'm', reasoning_content: 'Hm.', content: 'a' }), piece({ id: 'n', reasoning_content: 'So.' })],
      [{ reasoning_content: 'Hm.' }, { content: 'a' }, { reasoning_content: 'So.' }],
    ],
    [
      'messages without an id as one message',
      [piece({ content: 'a' }), piece({ content: 'b' }), whole({ content: 'ab' })],
      [{ content: 'a' }, { content: 'b' }],
    ],
    [
      'the same whole message once',
      [whole({ id: 'm', content: 'a' }), whole({ id: 'm', content: 'a' })],
      [{ content: 'a' }],
    ],
    ['nothing of an empty message', [piece({ id: 'm', content: '' }), whole({ id: 'm' })], []],
  ])('give %s', (_what, steps, given) => {
    const pieces = createMessagePieces();
    const deltas: Delta[] = [];
    for (const step of steps) step(pieces, (delta) => deltas.push(delta));
    expect(deltas).toEqual(given);
  });

  it('have text as soon as some of it is not reasoning', () => {
    const pieces = createMessagePieces();
    const steps = [piece({ reasoning_content: 'Hm.' }), piece({ content: '' }), piece({ content: 'a' })];
    const hasText = steps.map((step) => {
      step(pieces, () => undefined);
      return pieces.hasText;
    });
    expect(hasText).toEqual([false, false, true]);
  });
});
