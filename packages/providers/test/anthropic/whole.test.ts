import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.anthropic.create({});
const translate = (message: object | string, body: object = {}) =>
  adapter.translateWhole(typeof message === 'string' ? message : JSON.stringify(message), { ...body }, plan());

/** Returns the completion, if there is one. */
function completionOf(message: object, body: object = {}): unknown {
  const whole = translate({ id: 'msg_1', model: 'claude-x', ...message }, body);
  return whole.kind === 'complete' ? JSON.parse(whole.text) : whole;
}
const text = (value: string): object => ({ type: 'text', text: value });

describe("Anthropic's whole answer", () => {
  it('becomes a completion', () => {
    const usage = { input_tokens: 5, cache_read_input_tokens: 3, cache_creation_input_tokens: 2, output_tokens: 4 };
    expect(completionOf({ content: [text('a'), text('b')], stop_reason: 'end_turn', usage })).toEqual({
      id: 'msg_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'claude-x',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'ab', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 4,
        total_tokens: 14,
        prompt_tokens_details: { cached_tokens: 3, cache_write_tokens: 2 },
      },
    });
  });

  it('tells how many tokens the cache keeps for an hour', () => {
    const usage = {
      input_tokens: 5,
      cache_creation_input_tokens: 9,
      cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 7 },
      output_tokens: 4,
    };
    expect(completionOf({ content: [text('a')], stop_reason: 'end_turn', usage })).toMatchObject({
      usage: { prompt_tokens: 14, prompt_tokens_details: { cache_write_tokens: 9, cache_write_1h_tokens: 7 } },
    });
  });

  it('contains reasoning, its signatures, and calls', () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'redacted_thinking', data: 'xyz' },
      { type: 'something_new' },
      { type: 'tool_use', id: 't1', name: 'f', input: { a: 1 } },
      { type: 'tool_use', id: 't2', name: 'g' },
    ];
    const format = 'anthropic-claude-v1';
    expect(completionOf({ content, stop_reason: 'tool_use' })).toMatchObject({
      choices: [
        {
          message: {
            content: null,
            reasoning_content: 'hm',
            reasoning_details: [
              { type: 'reasoning.text', text: 'hm', signature: 's', format, index: 0 },
              { type: 'reasoning.encrypted', data: 'xyz', format, index: 1 },
            ],
            tool_calls: [
              { id: 't1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
              { id: 't2', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
          finish_reason: 'tool_calls',
        },
      ],
    });
  });

  it('may be a refusal', () => {
    expect(completionOf({ content: [], stop_reason: 'refusal' })).toMatchObject({
      choices: [
        { message: { content: null, refusal: 'The model declined to answer.' }, finish_reason: 'content_filter' },
      ],
    });
  });

  it('continues the given text', () => {
    const body = { messages: [{ role: 'assistant', content: 'once ' }] };
    expect(completionOf({ content: [text(' upon')], stop_reason: 'end_turn' }, body)).toMatchObject({
      choices: [{ message: { content: 'upon' } }],
    });
  });

  it.each<[string, object | string, string]>([
    ['a page', '<html>', 'malformed'],
    ['no message', {}, 'malformed'],
    ['an unfinished answer', { content: [text('a')], stop_reason: null }, 'malformed'],
    [
      'an error instead of an answer',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'server',
    ],
  ])('is a failure if it is %s', (_what, message, kind) => {
    expect(translate(message)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});
