import { describe, expect, it } from 'vitest';
import { copyStream } from '../../src/bodies/stream-copy.ts';

const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, over: object = {}) =>
  event({
    id: 'c-1',
    object: 'chat.completion.chunk',
    created: 7,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: null, ...over }],
  });

function copyOf(pieces: readonly string[], mostBytes = 10_000) {
  const copy = copyStream(mostBytes);
  let grown = 0;
  for (const piece of pieces) grown += copy.add(piece);
  return { copy, grown, answer: JSON.parse(copy.text() ?? 'null') as unknown };
}

describe('the copy of a stream', () => {
  it('is the answer that its events add up to', () => {
    const pieces = [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hello ' }) + chunk({ content: 'sk-se' }),
      chunk({ content: 'cret', reasoning_content: 'hm' }),
      chunk({}, { finish_reason: 'stop' }),
      event({ id: 'c-1', object: 'chat.completion.chunk', model: 'm', choices: [], usage: { total_tokens: 3 } }),
    ];
    const { copy, answer } = copyOf(pieces);
    expect(answer).toEqual({
      id: 'c-1',
      object: 'chat.completion',
      created: 7,
      model: 'm',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello sk-secret', reasoning_content: 'hm' },
          finish_reason: 'stop',
        },
      ],
      usage: { total_tokens: 3 },
    });
    expect(copy.sizeBytes).toBe(Buffer.byteLength(pieces.join('')));
    expect(copy.isCut).toBe(false);
  });

  it('joins the calls of tools and several choices', () => {
    const call = (index: number, piece: object) => chunk({ tool_calls: [{ index, ...piece }] });
    const { answer } = copyOf([
      call(0, { id: 'call-1', type: 'function', function: { name: 'find', arguments: '' } }),
      call(0, { function: { arguments: '{"a":' } }),
      call(1, { id: 'call-2', type: 'function', function: { name: 'get', arguments: '{}' } }),
      call(0, { function: { arguments: '1}' } }),
      chunk({ content: 'other' }, { index: 1 }),
    ]);
    expect(answer).toMatchObject({
      choices: [
        {
          message: {
            tool_calls: [
              { index: 0, id: 'call-1', type: 'function', function: { name: 'find', arguments: '{"a":1}' } },
              { index: 1, id: 'call-2', type: 'function', function: { name: 'get', arguments: '{}' } },
            ],
          },
        },
        { index: 1, message: { content: 'other' } },
      ],
    });
  });

  it("is a message if Anthropic's own events were passed on", () => {
    const delta = (index: number, piece: object) => event({ type: 'content_block_delta', index, delta: piece });
    const { answer } = copyOf([
      event({
        type: 'message_start',
        message: { id: 'msg_1', type: 'message', content: [], usage: { input_tokens: 3 } },
      }),
      event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
      event({ type: 'ping' }),
      delta(0, { type: 'text_delta', text: 'sk-se' }) + delta(0, { type: 'text_delta', text: 'cret' }),
      event({ type: 'content_block_stop', index: 0 }),
      event({
        type: 'content_block_start',
        index: 1,
        content_block: { type: 'tool_use', id: 't', name: 'f', input: {} },
      }),
      delta(1, { type: 'input_json_delta', partial_json: '{"a":' }),
      delta(1, { type: 'input_json_delta', partial_json: '1}' }),
      event({ type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 9 } }),
      event({ type: 'message_stop' }),
    ]);
    expect(answer).toEqual({
      id: 'msg_1',
      type: 'message',
      stop_reason: 'tool_use',
      usage: { output_tokens: 9 },
      content: [
        { index: 0, type: 'text', text: 'sk-secret' },
        { index: 1, type: 'tool_use', id: 't', name: 'f', input: '{"a":1}' },
      ],
    });
  });

  it("has all parts of Gemini's responses that were passed on", () => {
    const part = (text: string) => event({ candidates: [{ content: { role: 'model', parts: [{ text }] } }] });
    const { answer } = copyOf([part('one '), part('two'), event({ usageMetadata: { totalTokenCount: 3 } })]);
    expect(answer).toEqual({
      candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'one ' }, { text: 'two' }] } }],
      usageMetadata: { totalTokenCount: 3 },
    });
  });

  it('shows the error that ended it', () => {
    const error = { message: 'It broke.', type: 'upstream_error', param: null, code: 'upstream_truncated' };
    const { answer } = copyOf([chunk({ content: 'Half' }), event({ error })]);
    expect(answer).toMatchObject({ choices: [{ message: { content: 'Half' } }], error });
  });

  it('takes no harm from events of any form', () => {
    const pieces = ['data: no json\n\n', 'data: [1]\n\n', event({ choices: 7 }), event({ choices: [null, 'x'] })];
    const evil =
      'data: {"choices":[{"index":0,"delta":{"__proto__":{"polluted":true},"content":"x"}}],"__proto__":{"a":1}}\n\n';
    const { answer } = copyOf([...pieces, evil]);
    expect(answer).toEqual({ choices: [{ index: 0, message: { content: 'x' } }] });
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('stops to grow at its bound, without the last words', () => {
    const copy = copyStream(1000);
    let grown = 0;
    for (let at = 0; at < 100; at++) grown += copy.add(chunk({ content: `${'word '.repeat(10)}half` }));
    expect(grown).toBeLessThan(1200);
    expect(copy.isCut).toBe(true);
    expect(copy.text()).not.toMatch(/half"/);
    expect(copy.sizeBytes).toBeGreaterThan(10_000);
  });

  it('is nothing before the first event', () => {
    expect(copyStream(10).text()).toBeUndefined();
  });
});
