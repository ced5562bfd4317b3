import { parseMessagesRequest, toChatRequest, toMessage } from '@sluice/surfaces';
import { describe, expect, it } from 'vitest';

type Fields = Readonly<Record<string, unknown>>;

const think = (thinking: string, signature: string): object => ({ type: 'thinking', thinking, signature });
const say = (text: string): object => ({ type: 'text', text });
const use = { type: 'tool_use', id: 't', name: 'f', input: {} };
const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'r' }] };
const format = 'anthropic-claude-v1';

/** Returns the assistant message of the chat request for these blocks. */
function answerOf(content: readonly object[], ...after: readonly object[]): Fields | undefined {
  const messages = [{ role: 'user', content: 'q' }, { role: 'assistant', content }, ...after];
  const request = parseMessagesRequest({ model: 'm', max_tokens: 9, messages });
  const { chat } = toChatRequest(request, { isNative: false });
  return chat.messages.find(({ role }) => role === 'assistant');
}

describe('reasoning that a client sends back', () => {
  it('keeps its signature and its place', () => {
    const details = answerOf([think('a', 'S1'), say('x'), think('b', 'S2'), use], result)?.['reasoning_details'];
    expect(details).toEqual([
      { type: 'reasoning.text', text: 'a', signature: 'S1', format, index: 0 },
      { type: 'reasoning.text', text: 'b', signature: 'S2', format, index: 2 },
    ]);
  });

  it('is joined with a signature that came late', () => {
    const answer = answerOf([think('a', ''), say('x'), think('', 'S1'), use], result);
    expect(answer?.['reasoning_details']).toEqual([
      { type: 'reasoning.text', text: 'a', signature: 'S1', format, index: 0 },
    ]);
    expect(answer).not.toHaveProperty('reasoning_content');
  });

  it('may have a signature and no text', () => {
    expect(answerOf([think('', 'S1'), use], result)?.['reasoning_details']).toMatchObject([
      { text: '', signature: 'S1' },
    ]);
  });

  it('without a signature never goes to Anthropic', () => {
    expect(answerOf([think('a', ''), use], result)).not.toHaveProperty('reasoning_details');
  });

  it.each<[readonly object[], string | undefined]>([
    [[result], 'a'],
    [[], 'a'],
    [[result, { role: 'user', content: 'next' }], undefined],
  ])('without a signature goes to models that think between calls, until the turn is over: %j', (after, text) => {
    expect(answerOf([think('a', ''), use], ...after)?.['reasoning_content']).toBe(text);
  });

  it('may be encrypted', () => {
    expect(answerOf([{ type: 'redacted_thinking', data: 'ENC' }, use], result)?.['reasoning_details']).toEqual([
      { type: 'reasoning.encrypted', data: 'ENC', format, index: 0 },
    ]);
  });
});

const completion = (message: object, more: object = {}): string =>
  JSON.stringify({
    id: 'chatcmpl-9',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...more }],
    usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
  });
const read = (text: string): Fields => JSON.parse(toMessage(text)) as Fields;

describe('a whole answer', () => {
  it('becomes a message', () => {
    expect(read(completion({ content: 'Hello' }))).toEqual({
      id: 'msg_9',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Hello', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      stop_details: null,
      usage: {
        input_tokens: 7,
        cache_creation_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
        output_tokens: 3,
        output_tokens_details: { thinking_tokens: 0 },
        server_tool_use: null,
        service_tier: 'standard',
      },
    });
  });

  it('keeps the digits of big numbers in the inputs of tools', () => {
    const called = { id: 'c', type: 'function', function: { name: 'f', arguments: '{"n":12345678901234567890}' } };
    const text = toMessage(completion({ content: null, tool_calls: [called] }, { finish_reason: 'tool_calls' }));
    expect(text).toContain('"input":{"n":12345678901234567890}');
    expect(JSON.parse(text)).toMatchObject({ stop_reason: 'tool_use' });
  });

  it.each([
    ['', {}],
    ['[1]', { arguments: [1] }],
    ['{"a"', { arguments: '{"a"' }],
  ])('with the arguments %j has the input %j', (text, input) => {
    const called = { id: 'c', type: 'function', function: { name: 'f', arguments: text } };
    expect(read(completion({ content: null, tool_calls: [called] }))['content']).toMatchObject([{ input }]);
  });

  it('has signed reasoning in its place', () => {
    const details = [{ type: 'reasoning.text', text: 'hm', signature: 'S', format, index: 0 }];
    const { content } = read(completion({ content: 'a', reasoning_content: 'hm', reasoning_details: details }));
    expect(content).toMatchObject([{ type: 'thinking', thinking: 'hm', signature: 'S' }, { text: 'a' }]);
  });

  it('has unsigned reasoning with an empty signature', () => {
    const { content } = read(completion({ content: 'a', reasoning_content: 'hm' }));
    expect(content).toMatchObject([{ type: 'thinking', thinking: 'hm', signature: '' }, { text: 'a' }]);
  });

  it('carries the encrypted reasoning of another provider, which goes back as it was', () => {
    const detail = { type: 'reasoning.encrypted', data: 'E', format: 'openai-responses-v1', id: 'rs_1' };
    const { content } = read(completion({ content: 'a', reasoning_details: [detail] }));
    expect(answerOf(content as object[])?.['reasoning_details']).toEqual([detail]);
  });

  it.each(['{}', 'x', completion({ content: 'a' }, { finish_reason: null })])(
    'that is none is an error: %s',
    (text) => {
      expect(() => toMessage(text)).toThrow(/answer|JSON/);
    },
  );
});
