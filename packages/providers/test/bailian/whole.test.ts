import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const translate = (answer: unknown) =>
  providers.bailian
    .create({})
    .translateWhole(typeof answer === 'string' ? answer : JSON.stringify(answer), {}, plan({ stream: false }));

describe('a whole answer of an application', () => {
  it('becomes a completion', verifies('002-02', '002-03'), () => {
    const whole = translate({
      output: {
        text: 'Hello',
        finish_reason: 'stop',
        session_id: 's1',
        reject_status: false,
        thoughts: [{ action_type: 'reasoning', thought: 'Hm' }],
      },
      usage: {
        models: [
          { model_id: 'planner', input_tokens: 1, output_tokens: 2 },
          { model_id: 'qwen-plus', input_tokens: 121, output_tokens: 37 },
        ],
      },
      request_id: 'r1',
    });
    const summary = { finishReason: 'stop', responseModel: 'qwen-plus' };
    expect(whole).toMatchObject({ kind: 'complete', summary });
    expect(whole.kind === 'complete' && JSON.parse(whole.text)).toEqual({
      id: 'chatcmpl-r1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'qwen-plus',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, reasoning_content: 'Hm', session_id: 's1' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 122, completion_tokens: 39, total_tokens: 161 },
    });
  });

  it("has the gateway's id and model if the provider gives none", () => {
    const whole = translate({ output: { text: 'a' } });
    expect(whole).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop', usage: undefined } });
    expect(whole.kind === 'complete' && JSON.parse(whole.text)).toMatchObject({
      id: 'chatcmpl-request',
      model: 'upstream-model',
    });
  });

  it('that was rejected ends with content_filter', () => {
    const whole = translate({ output: { text: '', finish_reason: 'stop', reject_status: true } });
    expect(whole).toMatchObject({ kind: 'complete', summary: { finishReason: 'content_filter' } });
  });

  it.each<[string, unknown, object]>([
    ['an error', { code: 'Throttling', message: 'slow' }, { kind: 'rate_limit', code: 'Throttling', message: 'slow' }],
    ['an error as an event', 'event:error\ndata:{"code":"Arrearage"}', { kind: 'quota', code: 'Arrearage' }],
    ['half an answer', { output: { text: 'a', finish_reason: 'null' } }, { kind: 'truncated' }],
    ['a page', '<html>', { kind: 'malformed' }],
    ['nothing', { request_id: 'r1' }, { kind: 'malformed' }],
  ])('fails if it contains %s', (_what, answer, failure) => {
    expect(translate(answer)).toMatchObject({ kind: 'failed', failure });
  });
});
