import { providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const translate = (answer: unknown) =>
  providers.gemini
    .create({})
    .translateWhole(typeof answer === 'string' ? answer : JSON.stringify(answer), {}, plan({ requestId: 'req' }));

function completion(answer: unknown): unknown {
  const translated = translate(answer);
  if (translated.kind === 'failed') throw new Error(translated.failure.message);
  return JSON.parse(translated.text);
}

const candidate = (parts: readonly object[], finishReason: string | undefined = 'STOP'): object => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
});

describe('a whole answer of Gemini', () => {
  it('is a completion', () => {
    const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 };
    const answer = {
      ...candidate([{ text: 'a' }, { text: 'b' }]),
      usageMetadata,
      modelVersion: 'gemini-x',
      responseId: 'r',
    };
    expect(completion(answer)).toEqual({
      id: 'r',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'gemini-x',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'ab', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
    });
  });

  it("has the request's id and model if it lacks its own", () => {
    expect(completion(candidate([]))).toMatchObject({
      id: 'chatcmpl-req',
      model: 'upstream-model',
      choices: [{ message: { content: '' }, finish_reason: 'stop' }],
    });
  });

  it('contains reasoning, calls, images and signatures', () => {
    const answer = candidate([
      { text: 'hm', thought: true },
      { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 'sig' },
      { functionCall: { name: 'g' } },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { text: '', thoughtSignature: 'last' },
    ]);
    expect(completion(answer)).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            content: null,
            reasoning_content: 'hm',
            images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
            extra_content: { google: { thought_signature: 'last' } },
            tool_calls: [
              {
                id: 'call_req_0',
                type: 'function',
                function: { name: 'f', arguments: '{"a":1}' },
                extra_content: { google: { thought_signature: 'sig' } },
              },
              { id: 'call_req_1', type: 'function', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    });
  });

  it('may come as the list of the events of a stream', () => {
    const call = { functionCall: { name: 'f', args: { n: 1 } } };
    const events = [
      candidate([{ text: 'a' }], ''),
      { ...candidate([{ text: 'b' }, call]), usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2 } },
    ];
    expect(completion(events)).toMatchObject({
      choices: [{ message: { content: 'ab', tool_calls: [{ function: { arguments: '{"n":1}' } }] } }],
      usage: { prompt_tokens: 3, completion_tokens: 2 },
    });
    expect(translate([candidate([{ text: 'a' }], '')])).toMatchObject({ failure: { kind: 'truncated' } });
    expect(translate([...events, { error: { code: 503, message: 'x' } }])).toMatchObject({
      failure: { kind: 'server' },
    });
    expect(translate([])).toMatchObject({ failure: { kind: 'malformed' } });
  });

  it('uses the first candidate', () => {
    const second = { index: 1, content: { parts: [{ text: 'b' }] }, finishReason: 'STOP' };
    const first = { content: { parts: [{ text: 'a' }] }, finishReason: 'MAX_TOKENS' };
    expect(completion({ candidates: [second, first] })).toMatchObject({
      choices: [{ message: { content: 'a' }, finish_reason: 'length' }],
    });
  });

  it.each<[string, unknown, object]>([
    ['is not JSON', '<html>', { kind: 'malformed' }],
    ['is empty', {}, { kind: 'malformed' }],
    ['has no finish reason', { candidates: [{ content: { parts: [{ text: 'a' }] } }] }, { kind: 'truncated' }],
    ['has a malformed call', candidate([], 'MALFORMED_FUNCTION_CALL'), { kind: 'malformed' }],
    [
      'contains an error',
      { error: { code: 500, status: 'INTERNAL', message: 'oops' } },
      { kind: 'server', message: 'oops' },
    ],
    [
      'reports that the prompt is blocked',
      { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } },
      { kind: 'content_policy', message: 'The provider refuses the prompt: PROHIBITED_CONTENT.' },
    ],
  ])('that %s is a failure', (_what, answer, failure) => {
    expect(translate(answer)).toMatchObject({ kind: 'failed', failure });
  });
});
