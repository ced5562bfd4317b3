import { createMessageStream } from '@sluice/surfaces';
import { GatewayError } from '@sluice/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultOf } from './grammar.ts';
import { accumulate, call, chunkOf, type Delta, finish, read, translate, usageChunk } from './streaming.ts';

const names = (sse: string): readonly string[] => read(sse).map(({ name }) => name);

describe('a stream of chat chunks', () => {
  it('becomes a message of text', async () => {
    const sse = translate(
      chunkOf({ role: 'assistant', content: 'Hel' }),
      chunkOf({ content: 'lo' }),
      finish('stop'),
      usageChunk({
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 12,
        prompt_tokens_details: { cached_tokens: 4 },
      }),
    );
    expect(names(sse)).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
    expect(faultOf(sse)).toBeUndefined();
    expect(await accumulate(sse)).toMatchObject({
      id: 'msg_1',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Hello' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 6, cache_read_input_tokens: 4, output_tokens: 2 },
    });
  });

  // Report 1: the chunk that causes the switch of blocks was swallowed.
  it.each<[string, readonly Delta[], readonly object[]]>([
    [
      'text to tool',
      [{ content: 'a' }, call(0, { id: 'c0', name: 'f', arguments: '{"x":1}' })],
      [{ text: 'a' }, { name: 'f', input: { x: 1 } }],
    ],
    [
      'thinking to tool',
      [{ reasoning_content: 'hm' }, call(0, { id: 'c0', name: 'f', arguments: '{"x":1}' })],
      [
        { thinking: 'hm', signature: '' },
        { name: 'f', input: { x: 1 } },
      ],
    ],
    [
      'tool to tool',
      [call(0, { id: 'c0', name: 'f', arguments: '{"x":1}' }), call(1, { id: 'c1', name: 'g', arguments: '{"y":2}' })],
      [
        { id: 'c0', input: { x: 1 } },
        { id: 'c1', input: { y: 2 } },
      ],
    ],
    [
      'text and tool in one chunk',
      [{ content: 'a', ...call(0, { id: 'c0', name: 'f', arguments: '{"x":1}' }) }],
      [{ text: 'a' }, { input: { x: 1 } }],
    ],
    ['thinking to text in one chunk', [{ reasoning_content: 'hm', content: 'a' }], [{ thinking: 'hm' }, { text: 'a' }]],
  ])('keeps the first piece of a block: %s', async (_case, deltas, content) => {
    const sse = translate(...deltas.map((delta) => chunkOf(delta)), finish('stop'));
    expect(faultOf(sse)).toBeUndefined();
    expect((await accumulate(sse)).content).toMatchObject(content);
  });

  // Report 2: thinking_delta in a block of text, message_start twice.
  it('has one start, and reasoning only in blocks of reasoning', () => {
    const sse = translate(
      chunkOf({ reasoning_content: 'a' }),
      chunkOf({ content: 'b' }),
      chunkOf({ reasoning_content: 'c' }),
      chunkOf({ content: 'd' }),
      finish('stop'),
    );
    expect(faultOf(sse)).toBeUndefined();
    expect(names(sse).filter((name) => name === 'message_start')).toHaveLength(1);
    expect(names(sse).filter((name) => name === 'content_block_start')).toHaveLength(4);
  });

  // Report 3: content beside an empty list of calls became an empty input_json_delta.
  it.each([
    { content: 'a', tool_calls: [] },
    { content: 'a', tool_calls: null, reasoning_content: '', refusal: null },
    { content: 'a', function_call: null, reasoning_content: null, reasoning_details: [] },
  ])('takes empty lists, null and absent members as the same: %j', async (delta) => {
    const sse = translate(chunkOf(delta), finish('stop'));
    expect((await accumulate(sse)).content).toMatchObject([{ type: 'text', text: 'a' }]);
    expect(names(sse).filter((name) => name === 'content_block_delta')).toHaveLength(1);
  });

  // Report 4: Claude Code refuses a stream whose start lacks a count.
  it('starts with the full usage', () => {
    const [start] = read(translate(chunkOf({ content: 'a' }), finish('stop')));
    expect(start?.data['message']).toMatchObject({
      content: [],
      stop_reason: null,
      usage: {
        input_tokens: 0,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 0,
      },
    });
  });

  it("starts with an estimate of the prompt, which the provider's count replaces", async () => {
    const stream = createMessageStream({ requestId: 'r', promptTokens: 50 });
    const begun = stream.onData(chunkOf({ content: 'a' }));
    expect(read(begun)[0]?.data['message']).toMatchObject({ usage: { input_tokens: 50, output_tokens: 0 } });
    const usage = { prompt_tokens: 41, completion_tokens: 1, total_tokens: 42 };
    const sse = begun + stream.onData(finish('stop')) + stream.onData(usageChunk(usage)) + stream.end();
    expect((await accumulate(sse)).usage).toMatchObject({ input_tokens: 41, output_tokens: 1 });
  });

  // Report 5: "Content block not found", from the pieces of parallel calls that interleave.
  it('holds back the pieces of a later call until the earlier one is complete', async () => {
    const stream = createMessageStream({ requestId: 'r' });
    const parts = [
      chunkOf(call(0, { id: 'c0', name: 'f', arguments: '{"a":' })),
      chunkOf(call(1, { id: 'c1', name: 'g', arguments: '{"b":' })),
      chunkOf(call(0, { arguments: '1}' })),
      chunkOf(call(1, { arguments: '2}' })),
      finish('tool_calls'),
    ].map(stream.onData);
    expect(names(parts[1] ?? '')).toEqual([]);
    // The first call is a whole object now, so the second one follows at once.
    expect(names(parts[2] ?? '')).toEqual([
      'content_block_delta',
      'content_block_stop',
      'content_block_start',
      'content_block_delta',
    ]);
    const sse = parts.join('') + stream.end();
    expect(faultOf(sse)).toBeUndefined();
    expect(await accumulate(sse)).toMatchObject({
      content: [
        { id: 'c0', input: { a: 1 } },
        { id: 'c1', input: { b: 2 } },
      ],
      stop_reason: 'tool_use',
    });
  });

  it('tells calls apart that have the same index', async () => {
    const sse = translate(
      chunkOf(call(0, { id: 'c0', name: 'f', arguments: '{}' })),
      chunkOf(call(0, { id: 'c1', name: 'g', arguments: '{"b":2}' })),
      finish('tool_calls'),
    );
    expect((await accumulate(sse)).content).toMatchObject([{ id: 'c0' }, { id: 'c1', input: { b: 2 } }]);
  });

  it('waits for the name of a call', async () => {
    const sse = translate(
      chunkOf(call(0, { id: 'c0' })),
      chunkOf(call(0, { name: 'f' })),
      chunkOf(call(0, { arguments: '{"a":1}' })),
      finish('tool_calls'),
    );
    expect((await accumulate(sse)).content).toMatchObject([{ id: 'c0', name: 'f', input: { a: 1 } }]);
  });

  it('has an empty input for a call without arguments', async () => {
    const sse = translate(chunkOf(call(0, { id: 'c0', name: 'f' })), finish('tool_calls'));
    expect((await accumulate(sse)).content).toMatchObject([{ id: 'c0', input: {} }]);
  });

  it('carries the signature of Gemini on the call', async () => {
    const extra = { google: { thought_signature: 'sig' } };
    const [piece] = call(0, { id: 'c0', name: 'f', arguments: '{}' })['tool_calls'] as object[];
    const sse = translate(chunkOf({ tool_calls: [{ ...piece, extra_content: extra }] }), finish('tool_calls'));
    expect((await accumulate(sse)).content).toMatchObject([{ extra_content: extra }]);
  });

  it.each([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['made_up', 'end_turn'],
  ])('ends with the reason %s as %s', async (reason, stopReason) => {
    const sse = translate(chunkOf({ content: 'a' }), finish(reason));
    expect((await accumulate(sse)).stop_reason).toBe(stopReason);
  });

  it('tells the text of a refusal in its details', async () => {
    const sse = translate(chunkOf({ refusal: 'I will not.' }), finish('stop'));
    expect(await accumulate(sse)).toMatchObject({
      content: [],
      stop_reason: 'refusal',
      stop_details: { type: 'refusal', category: null, explanation: 'I will not.' },
    });
  });

  it('without an end is an error event, and never a success', async () => {
    const sse = translate(chunkOf({ content: 'a' }));
    expect(names(sse).at(-1)).toBe('error');
    expect(names(sse)).not.toContain('message_stop');
    await expect(accumulate(sse)).rejects.toThrow(/api_error/);
  });

  it('tells a failure in the middle as an error event', async () => {
    const stream = createMessageStream({ requestId: 'req-7' });
    const sse = stream.onData(chunkOf({ content: 'a' })) + stream.error(new GatewayError('upstream_timeout'));
    expect(read(sse).at(-1)).toMatchObject({
      name: 'error',
      data: { type: 'error', error: { type: 'timeout_error' }, request_id: 'req-7' },
    });
    await expect(accumulate(sse)).rejects.toThrow(/timeout_error/);
  });
});

const signed = (text: string, signature: string, index: number): object => ({
  type: 'reasoning.text',
  text,
  signature,
  format: 'anthropic-claude-v1',
  index,
});

// Report 6: signatures are kept byte for byte, and never made up.
describe('the signature of reasoning', () => {
  it('closes the block that is still open', async () => {
    const sse = translate(
      chunkOf({ reasoning_content: 'hm' }),
      chunkOf({ reasoning_details: [signed('hm', 'SIG=', 0)] }),
      chunkOf(call(0, { id: 'c', name: 'f', arguments: '{}' })),
      finish('tool_calls'),
    );
    expect(faultOf(sse)).toBeUndefined();
    expect((await accumulate(sse)).content).toMatchObject([
      { type: 'thinking', thinking: 'hm', signature: 'SIG=' },
      { type: 'tool_use' },
    ]);
  });

  it('that comes after the block follows in a block without text', async () => {
    const sse = translate(
      chunkOf({ reasoning_content: 'hm' }),
      chunkOf({ content: 'a' }),
      chunkOf({ reasoning_details: [signed('hm', 'SIG=', 0)] }),
      finish('stop'),
    );
    expect(faultOf(sse)).toBeUndefined();
    expect((await accumulate(sse)).content).toMatchObject([
      { type: 'thinking', thinking: 'hm', signature: '' },
      { type: 'text', text: 'a' },
      { type: 'thinking', thinking: '', signature: 'SIG=' },
    ]);
  });

  it('is empty if the provider signs nothing', async () => {
    const sse = translate(chunkOf({ reasoning_content: 'hm' }), chunkOf({ content: 'a' }), finish('stop'));
    expect(sse).not.toContain('signature_delta');
    expect((await accumulate(sse)).content).toMatchObject([{ thinking: 'hm', signature: '' }, { text: 'a' }]);
  });

  it('of encrypted reasoning is the whole block', async () => {
    const details = [{ type: 'reasoning.encrypted', data: 'ENC', format: 'anthropic-claude-v1', index: 0 }];
    const sse = translate(chunkOf({ reasoning_details: details }), chunkOf({ content: 'a' }), finish('stop'));
    expect(faultOf(sse)).toBeUndefined();
    expect((await accumulate(sse)).content).toMatchObject([{ type: 'redacted_thinking', data: 'ENC' }, { text: 'a' }]);
  });
});

describe("a stream that begins in Anthropic's own events", () => {
  const native = [
    'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_7","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"usage":{"input_tokens":5,"output_tokens":1}}}\n\n',
    'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}\n\n',
    'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"one "}}\n\n',
  ].join('');

  it('passes them on unchanged, with their own end', () => {
    const stream = createMessageStream({ requestId: 'r' });
    stream.reads(true);
    const ending =
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\nevent: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":3}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';
    expect(stream.onData(native + ending) + stream.end()).toBe(native + ending);
  });

  it.each([
    ['inside the open text', '', [{ text: 'one two' }]],
    [
      'after a block that has ended',
      'event: content_block_stop\ndata: {"type":"content_block_stop","index":0}\n\n',
      [{ text: 'one ' }, { text: 'two' }],
    ],
  ])('continues with chat events %s', async (_case, more, content) => {
    const stream = createMessageStream({ requestId: 'r' });
    stream.reads(true);
    const first = stream.onData(native + more);
    stream.reads(false);
    const sse = first + stream.onData(chunkOf({ content: 'two' })) + stream.onData(finish('stop')) + stream.end();
    expect(faultOf(sse)).toBeUndefined();
    expect((await accumulate(sse)).content).toMatchObject(content);
  });

  it('ends open reasoning before the text of another upstream', () => {
    const stream = createMessageStream({ requestId: 'r' });
    stream.reads(true);
    const first = stream.onData(
      native
        .replace('{"type":"text","text":""}', '{"type":"thinking","thinking":"","signature":""}')
        .replace('{"type":"text_delta","text":"one "}', '{"type":"thinking_delta","thinking":"one "}'),
    );
    stream.reads(false);
    const sse = first + stream.onData(chunkOf({ content: 'two' })) + stream.onData(finish('stop')) + stream.end();
    expect(faultOf(sse)).toBeUndefined();
  });
});

/** Pieces of an answer; each call has an object as its arguments, cut anywhere. */
const pieces = fc
  .record({
    calls: fc.array(fc.dictionary(fc.string({ maxLength: 3 }), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 }), {
      maxLength: 4,
    }),
    others: fc.array(
      fc.oneof(
        fc.record({ content: fc.string() }),
        fc.record({ reasoning_content: fc.string() }),
        fc.constant({ content: null, tool_calls: [] }),
        fc.constant({ reasoning_details: [signed('x', 'S', 0)] }),
      ),
      { maxLength: 8 },
    ),
    cuts: fc.array(fc.nat(6), { minLength: 1, maxLength: 6 }),
    order: fc.infiniteStream(fc.nat()),
    width: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ calls, others, cuts, order, width }) => {
    const texts = calls.map((input) => JSON.stringify(input));
    const queues: Delta[][] = [
      others,
      ...texts.map((text, index) => [
        call(index, { id: `c${index}`, name: `f${index}` }),
        ...cut(text, cuts).map((piece) => call(index, { arguments: piece })),
      ]),
    ];
    return { texts, chunks: joinInto(interleave(queues, order), width) };
  });

function cut(text: string, sizes: readonly number[]): readonly string[] {
  const cuts: string[] = [];
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = 1 + (sizes[turn % sizes.length] ?? 0);
    cuts.push(text.slice(at, at + size));
    at += size;
  }
  return cuts;
}

function interleave(queues: Delta[][], order: Iterator<number>): readonly Delta[] {
  const all: Delta[] = [];
  for (let left = queues.filter(({ length }) => length > 0); left.length > 0;) {
    const queue = left[Number(order.next().value) % left.length];
    const next = queue?.shift();
    if (next !== undefined) all.push(next);
    left = left.filter(({ length }) => length > 0);
  }
  return all;
}

/** Joins deltas of different members into one chunk. */
function joinInto(deltas: readonly Delta[], width: number): readonly Delta[] {
  const chunks: Delta[] = [];
  for (const delta of deltas) {
    const last = chunks.at(-1);
    const isFree =
      last !== undefined && Object.keys(last).length < width && !Object.keys(delta).some((name) => name in last);
    if (isFree) chunks[chunks.length - 1] = { ...last, ...delta };
    else chunks.push(delta);
  }
  return chunks;
}

describe('any stream of chat chunks', () => {
  it('keeps the grammar, all texts and all arguments', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async ({ texts, chunks }) => {
        const sse = translate(...chunks.map((delta) => chunkOf(delta)), finish('stop'));
        expect(faultOf(sse)).toBeUndefined();
        const { content } = await accumulate(sse);
        const inputs = content.flatMap((block) => (block.type === 'tool_use' ? [[block.id, block.input]] : []));
        expect(Object.fromEntries(inputs)).toEqual(
          Object.fromEntries(texts.map((text, index) => [`c${index}`, JSON.parse(text) as unknown])),
        );
        expect(joined(content, 'text')).toBe(texted(chunks, 'content'));
        expect(joined(content, 'thinking')).toBe(texted(chunks, 'reasoning_content'));
      }),
      { numRuns: 150 },
    );
  });
});

const joined = (content: readonly object[], name: string): string =>
  content.map((block) => (name in block ? String(Reflect.get(block, name)) : '')).join('');

const texted = (chunks: readonly Delta[], name: string): string =>
  chunks.map((delta) => (typeof delta[name] === 'string' ? delta[name] : '')).join('');
