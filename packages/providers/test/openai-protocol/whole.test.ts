import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.openai.create({});

const answer = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-x',
  choices: [
    { index: 0, message: { role: 'assistant', content: 'hi', refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2, prompt_tokens_details: { cached_tokens: 0 } },
};

describe('a whole OpenAI answer', () => {
  it('passes unchanged, spaces and unknown fields included', () => {
    const text = JSON.stringify({ ...answer, x_unknown: 1 }, null, 2);
    expect(adapter.translateWhole(text, {}, plan({ stream: false }))).toEqual({
      kind: 'complete',
      text,
      summary: { usage: answer.usage, finishReason: 'stop', responseModel: 'gpt-x' },
    });
  });

  it.each([
    ['HTML', '<html>busy</html>', 'malformed'],
    ['half an answer', JSON.stringify(answer).slice(0, 50), 'malformed'],
    ['an answer without choices', '{"id":"c"}', 'malformed'],
    ['an answer without a message', '{"choices":[{"finish_reason":"stop"}]}', 'malformed'],
    ['an error with status 200', '{"error":{"message":"boom","type":"server_error"}}', 'server'],
  ])('fails on %s', (_what, text, kind) => {
    expect(adapter.translateWhole(text, {}, plan({ stream: false }))).toMatchObject({
      kind: 'failed',
      failure: { kind },
    });
  });

  it('survives an invalid usage', () => {
    const text = JSON.stringify({ ...answer, usage: { total_tokens: 'many' } });
    expect(adapter.translateWhole(text, {}, plan({ stream: false }))).toMatchObject({
      kind: 'complete',
      summary: { usage: undefined },
    });
  });
});
