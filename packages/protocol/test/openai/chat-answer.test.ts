import { type ChatChunk, chatChunkSchema, type ChatCompletion, chatCompletionSchema } from '@sluice/protocol';
import type OpenAI from 'openai';
import { describe, expect, expectTypeOf, it } from 'vitest';

const usage = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11, prompt_tokens_details: { cached_tokens: 4 } };
const head = { id: 'chatcmpl-1', object: 'chat.completion', created: 1_700_000_000, model: 'gpt-4o-mini-2024-07-18' };
const call = { id: 'call_1', type: 'function', function: { name: 'x', arguments: '{}' } };

describe('a whole answer', () => {
  it.each([
    {
      ...head,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello!' }, finish_reason: 'stop' }],
      usage,
    },
    {
      ...head,
      choices: [
        { index: 0, message: { role: 'assistant', content: null, tool_calls: [call] }, finish_reason: 'tool_calls' },
      ],
    },
    {
      choices: [{ message: { content: [{ type: 'thinking' }], reasoning_content: 'Hm.' }, finish_reason: 'eos' }],
      usage: null,
    },
    { ...head, choices: [], provider: 'somebody' },
  ])('keeps all its fields: %j', (answer) => {
    expect(chatCompletionSchema.parse(answer)).toEqual(answer);
  });

  it.each([
    {},
    { choices: {} },
    { choices: [{}] },
    { choices: [{ message: { content: 5 } }] },
    { error: { message: 'no' } },
  ])('is not %j', (answer) => {
    expect(chatCompletionSchema.safeParse(answer).success).toBe(false);
  });
});

describe('a chunk', () => {
  it.each([
    { ...head, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }], usage: null },
    { ...head, choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"' } }] } }] },
    { ...head, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], obfuscation: 'x' },
    { ...head, choices: [{ index: 0, finish_reason: 'content_filter' }], prompt_filter_results: [] },
    { ...head, choices: [], usage },
  ])('keeps all its fields: %j', (chunk) => {
    expect(chatChunkSchema.parse(chunk)).toEqual(chunk);
  });

  it.each([{}, { choices: [{ delta: 'x' }] }, { choices: [{ index: -1, delta: {} }] }])('is not %j', (chunk) => {
    expect(chatChunkSchema.safeParse(chunk).success).toBe(false);
  });
});

describe('the types of answers', () => {
  it("hold what OpenAI's SDK reads", () => {
    expectTypeOf<OpenAI.ChatCompletion['choices'][number]['finish_reason']>().toExtend<
      ChatCompletion['choices'][number]['finish_reason']
    >();
    expectTypeOf<OpenAI.ChatCompletionChunk['choices'][number]['delta']['content']>().toExtend<
      NonNullable<ChatChunk['choices'][number]['delta']>['content']
    >();
  });
});
