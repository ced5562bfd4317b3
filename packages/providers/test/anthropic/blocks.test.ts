import { describe, expect, it } from 'vitest';
import { type Blocks, createBlocks, unreadable, type WireDelta } from '../../src/anthropic/blocks.ts';
import { type WireBlock, wireBlockSchema, wireEventSchema } from '../../src/anthropic/wire.ts';
import type { AnswerDraft } from '../../src/answer/stream-translator.ts';
import { recordAnswer } from './record-answer.ts';

type Step = (blocks: Blocks, answer: AnswerDraft) => void;

const blockOf = (block: object): WireBlock => wireBlockSchema.parse(block);

function deltaOf(delta: object): WireDelta {
  const parsed = wireEventSchema.parse({ type: 'content_block_delta', delta }).delta;
  if (parsed == null) throw new Error('the delta is not read');
  return parsed;
}

const begin =
  (index: number, block: object): Step =>
  (blocks, answer) =>
    blocks.begin(index, blockOf(block), answer);
const add =
  (index: number, delta: object): Step =>
  (blocks, answer) =>
    blocks.add(index, deltaOf(delta), answer);
const end =
  (index: number): Step =>
  (blocks, answer) =>
    blocks.end(index, answer);
const endAll: Step = (blocks, answer) => void blocks.endAll(answer);

function run(steps: readonly Step[], space = '') {
  const recorded = recordAnswer();
  const blocks = createBlocks({ space, requestId: 'req-1' });
  for (const step of steps) step(blocks, recorded.answer);
  return recorded;
}

const callStart = (index: number, id: string, name: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }],
});
const callPiece = (index: number, text: string) => ({ tool_calls: [{ index, function: { arguments: text } }] });
const signed = (index: number, text: string, signature: string) => ({
  type: 'reasoning.text',
  text,
  signature,
  format: 'anthropic-claude-v1',
  index,
});

describe('the blocks of an answer', () => {
  it.each<[what: string, steps: Step[], deltas: object[]]>([
    [
      'text, in its start and in its deltas',
      [begin(0, { type: 'text', text: 'a' }), add(0, { text: 'b' }), add(0, { text: '' }), end(0), endAll],
      [{ content: 'a' }, { content: 'b' }],
    ],
    [
      'text without an announced block',
      [add(0, { text: 'a' }), add(0, { text: 'b' })],
      [{ content: 'a' }, { content: 'b' }],
    ],
    ['reasoning without an announced block', [add(0, { thinking: 'a' }), endAll], [{ reasoning_content: 'a' }]],
    [
      'reasoning, with its signature at the end',
      [
        begin(0, { type: 'thinking', thinking: 'a', signature: '' }),
        add(0, { thinking: 'b' }),
        add(0, { signature: 's1' }),
        add(0, { signature: 's2' }),
        end(0),
        begin(1, { type: 'text' }),
        add(1, { text: 'c' }),
        endAll,
      ],
      [
        { reasoning_content: 'a' },
        { reasoning_content: 'b' },
        { content: 'c' },
        { reasoning_details: [signed(0, 'ab', 's1s2')] },
      ],
    ],
    [
      'signed reasoning before the first tool call',
      [
        begin(0, { type: 'thinking', thinking: 'a', signature: 's' }),
        end(0),
        begin(1, { type: 'tool_use', id: 'c1', name: 'f' }),
        add(1, { partial_json: '{}' }),
        endAll,
      ],
      [
        { reasoning_content: 'a' },
        { reasoning_details: [signed(0, 'a', 's')] },
        callStart(0, 'c1', 'f'),
        callPiece(0, '{}'),
      ],
    ],
    [
      'encrypted reasoning',
      [begin(2, { type: 'redacted_thinking', data: 'd' }), endAll],
      [{ reasoning_details: [{ type: 'reasoning.encrypted', data: 'd', format: 'anthropic-claude-v1', index: 2 }] }],
    ],
    [
      'tool calls, numbered among themselves',
      [
        begin(1, { type: 'tool_use', id: 'c1', name: 'f' }),
        begin(2, { type: 'tool_use', id: 'c2', name: 'g' }),
        add(2, { partial_json: '{"b":' }),
        add(1, { partial_json: '{"a":1}' }),
        add(2, { partial_json: '2}' }),
        end(1),
        end(2),
      ],
      [
        callStart(0, 'c1', 'f'),
        callStart(1, 'c2', 'g'),
        callPiece(1, '{"b":'),
        callPiece(0, '{"a":1}'),
        callPiece(1, '2}'),
      ],
    ],
    [
      'tool calls without an id, or with the same one',
      [
        begin(0, { type: 'tool_use', name: 'f' }),
        begin(1, { type: 'tool_use', id: 'c', name: 'f' }),
        begin(2, { type: 'tool_use', id: 'c', name: 'f' }),
      ],
      [callStart(0, 'call_req1_0', 'f'), callStart(1, 'c', 'f'), callStart(2, 'c_2', 'f')],
    ],
    [
      'arguments that stand in the start of a call',
      [begin(0, { type: 'tool_use', id: 'c', name: 'f', input: { a: 1 } }), add(0, { partial_json: '' }), end(0)],
      [callStart(0, 'c', 'f'), callPiece(0, '{"a":1}')],
    ],
    [
      'a call without arguments, with an empty object',
      [begin(0, { type: 'tool_use', id: 'c', name: 'f' }), endAll],
      [callStart(0, 'c', 'f'), callPiece(0, '{}')],
    ],
    [
      'nothing of blocks that OpenAI does not have',
      [
        begin(0, { type: 'server_tool_use', id: 's', name: 'web_search' }),
        add(0, { partial_json: '{}' }),
        add(0, { text: 'a' }),
        end(0),
        endAll,
      ],
      [],
    ],
    ['text after an empty delta without a block', [add(0, { text: '' }), add(0, { text: 'a' })], [{ content: 'a' }]],
    ['nothing of an empty delta without a block', [add(0, { type: 'text_delta', text: '' }), endAll], []],
    [
      'nothing of a block that ends a second time',
      [begin(0, { type: 'tool_use', id: 'c', name: 'f' }), end(0), end(0)],
      [callStart(0, 'c', 'f'), callPiece(0, '{}')],
    ],
  ])('send %s', (_what, steps, deltas) => {
    const recorded = run(steps);
    expect(recorded.deltas).toEqual(deltas);
    expect(recorded.failures).toEqual([]);
  });

  it('cut white space that the client already has', () => {
    const steps = [begin(0, { type: 'text', text: '\n' }), add(0, { text: '\n Hi' }), add(0, { text: '\n\n' })];
    expect(run(steps, '\n\n').deltas).toEqual([{ content: ' Hi' }, { content: '\n\n' }]);
  });

  it('fail with arguments of a call that was not announced', () => {
    expect(run([add(0, { partial_json: '{}' })])).toMatchObject({ deltas: [], failures: [unreadable] });
  });

  it.each<[calls: number, steps: Step[]]>([
    [0, [begin(0, { type: 'text', text: 'a' })]],
    [2, [begin(0, { type: 'tool_use', name: 'f' }), end(0), begin(1, { type: 'tool_use', name: 'g' })]],
  ])('have %i tool calls at their end', (calls, steps) => {
    const { answer } = recordAnswer();
    const blocks = createBlocks({ space: '', requestId: 'req-1' });
    for (const step of steps) step(blocks, answer);
    expect(blocks.endAll(answer)).toBe(calls);
  });
});
