import type { FinishReason } from '@google/genai';
import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.gemini.create({});

interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly { readonly delta: Readonly<Record<string, unknown>>; readonly finish_reason: unknown }[];
  readonly usage?: object;
}

function translate(...events: readonly (object | string)[]): {
  chunks: readonly Chunk[];
  translator: StreamTranslator;
} {
  const translator = adapter.translateStream({ stream_options: { include_usage: true } }, plan({ requestId: 'req' }));
  const data = events.map((event) => (typeof event === 'string' ? event : JSON.stringify(event)));
  const text = data.map((each) => translator.push({ data: each })).join('');
  return { chunks: read(text), translator };
}

const read = (text: string): readonly Chunk[] =>
  text.split('\n\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event.slice('data: '.length)) as Chunk]));

const parts = (...list: readonly object[]): object => ({ candidates: [{ content: { parts: list, role: 'model' } }] });
const finish = (finishReason: string, more: object = {}): object => ({ candidates: [{ finishReason }], ...more });
const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 9, thoughtsTokenCount: 4 };
const deltas = (chunks: readonly Chunk[]): unknown =>
  chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));

/** All finish reasons of Google's own SDK. */
const endings: Readonly<Record<`${FinishReason}` | 'MODEL_ARMOR' | 'MISSING_THOUGHT_SIGNATURE' | 'TO_COME', string>> = {
  STOP: 'stop',
  MAX_TOKENS: 'length',
  CONTINUATION: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  LANGUAGE: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
  IMAGE_PROHIBITED_CONTENT: 'content_filter',
  IMAGE_RECITATION: 'content_filter',
  MALFORMED_FUNCTION_CALL: 'malformed',
  MALFORMED_RESPONSE: 'malformed',
  OTHER: 'malformed',
  NO_IMAGE: 'stop',
  IMAGE_OTHER: 'content_filter',
  UNEXPECTED_TOOL_CALL: 'unexpected',
  TOO_MANY_TOOL_CALLS: 'unexpected',
  MODEL_ARMOR: 'content_filter',
  MISSING_THOUGHT_SIGNATURE: 'unexpected',
  TO_COME: 'unexpected',
  FINISH_REASON_UNSPECIFIED: 'truncated',
};
const failures = { malformed: true, truncated: true, unexpected: true };

describe('a Gemini stream', () => {
  it('ends with its finish reason, and there is no [DONE]', () => {
    const head = { modelVersion: 'gemini-x', responseId: 'resp' };
    const { chunks, translator } = translate({ ...parts({ text: 'a' }), ...head }, finish('STOP', { usageMetadata }));
    expect(chunks).toMatchObject([{ id: 'resp', model: 'gemini-x', object: 'chat.completion.chunk' }]);
    expect(deltas(chunks)).toEqual([{ role: 'assistant', content: 'a' }]);
    expect(translator.state.kind).toBe('open');
    expect(translator.isFinished).toBe(true);
    const usage = {
      prompt_tokens: 3,
      completion_tokens: 6,
      total_tokens: 9,
      completion_tokens_details: { reasoning_tokens: 4 },
    };
    expect(read(translator.end())).toMatchObject([{ choices: [{ finish_reason: 'stop' }] }, { choices: [], usage }]);
    expect(translator.state).toEqual({
      kind: 'complete',
      summary: { usage, finishReason: 'stop', responseModel: 'gemini-x' },
    });
  });

  it('continues after a finish reason, as with older models', () => {
    const stop = (text: string): object => ({ candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }] });
    const { chunks, translator } = translate(stop('a'), stop('b'));
    expect(deltas(chunks)).toEqual([{ role: 'assistant', content: 'a' }, { content: 'b' }]);
    expect(translator.isFinished).toBe(false);
    translator.end();
    expect(translator.state.kind).toBe('complete');
  });

  it('may continue if each event has a finish reason and counts', () => {
    const stop = (text: string): object => ({
      candidates: [{ content: { parts: [{ text }] }, finishReason: 'STOP' }],
      usageMetadata,
    });
    expect(translate(stop('a')).translator).toMatchObject({ isFinished: true, mayContinue: true });
    expect(translate(stop('a'), stop('b'), stop('c')).translator.mayContinue).toBe(true);
    expect(translate(parts({ text: 'a' }), stop('b')).translator.mayContinue).toBe(false);
  });

  it('separates reasoning, text, signatures and images', () => {
    const { chunks } = translate(
      parts({ text: 'hm', thought: true }, { text: '' }, { text: 'well' }),
      parts({ inlineData: { mimeType: 'image/png', data: 'AAAA' } }, { text: '', thoughtSignature: 'sig' }),
      parts({ executableCode: { code: '1' } }),
    );
    expect(deltas(chunks)).toEqual([
      { role: 'assistant', reasoning_content: 'hm' },
      { content: 'well' },
      { images: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] },
      { extra_content: { google: { thought_signature: 'sig' } } },
    ]);
  });

  it('numbers function calls, and generates missing ids', () => {
    const { chunks, translator } = translate(
      parts({ functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 'sig' }, { functionCall: { name: 'g' } }),
      parts({ functionCall: { id: 'own', name: 'h', args: {} } }),
      finish('STOP'),
    );
    expect(deltas(chunks)).toEqual([
      {
        role: 'assistant',
        tool_calls: [
          {
            index: 0,
            id: 'call_req_0',
            type: 'function',
            function: { name: 'f', arguments: '{"a":1}' },
            extra_content: { google: { thought_signature: 'sig' } },
          },
        ],
      },
      { tool_calls: [{ index: 1, id: 'call_req_1', type: 'function', function: { name: 'g', arguments: '{}' } }] },
      { tool_calls: [{ index: 2, id: 'own', type: 'function', function: { name: 'h', arguments: '{}' } }] },
    ]);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'tool_calls' } });
  });

  it.each(Object.entries(endings))('that ends with %s has ended with %s', (theirs, ours) => {
    const { translator } = translate(parts({ text: 'a' }), finish(theirs));
    const ended = read(translator.end()).map(({ choices }) => choices[0]?.finish_reason);
    expect(ended).toEqual(ours in failures ? [] : [ours]);
    const failed = { kind: 'failed', failure: { kind: ours } };
    expect(translator.state).toMatchObject(ours in failures ? failed : { kind: 'complete' });
  });

  it.each(['OTHER', 'SOMETHING_NEW', 'constructor'])('that ends with %s fails with the reason', (reason) => {
    const { translator } = translate(parts({ text: 'a' }), finish(reason));
    expect(translator.state).toHaveProperty('failure.message', expect.stringContaining(reason));
  });

  it.each<[string, readonly (object | string)[], string]>([
    ['without a reason', [parts({ text: 'a' })], 'truncated'],
    ['with no event at all', [], 'truncated'],
    ['inside an event', [parts({ text: 'a' }), '{"candidates": [{"cont'], 'malformed'],
    [
      'with an error',
      [finish('STOP'), { error: { code: 503, status: 'UNAVAILABLE', message: 'overloaded' } }],
      'server',
    ],
    ['with an error without a code', [{ error: {} }], 'server'],
    ['with a limit', [{ error: { code: 429, status: 'RESOURCE_EXHAUSTED' } }], 'rate_limit'],
    ['before it began, because of its prompt', [{ promptFeedback: { blockReason: 'SAFETY' } }], 'content_policy'],
    [
      'with only feedback on its prompt',
      [{ promptFeedback: { safetyRatings: [] } }, { usageMetadata }],
      'content_policy',
    ],
    ['with feedback that gives no reason', [{ candidates: [], promptFeedback: {} }], 'content_policy'],
    [
      'with feedback whose reason is unspecified',
      [{ promptFeedback: { blockReason: 'BLOCK_REASON_UNSPECIFIED' } }],
      'content_policy',
    ],
  ])('that ends %s fails', (_how, events, kind) => {
    const { translator } = translate(...events);
    translator.end();
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind } });
  });

  it('that is blocked after some content ends with content_filter', () => {
    const { translator } = translate(parts({ text: 'a' }), { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } });
    expect(read(translator.end())).toMatchObject([{ choices: [{ finish_reason: 'content_filter' }] }]);
  });

  it('uses the last counts', () => {
    const { translator } = translate(
      { ...parts({ text: 'a' }), usageMetadata: { promptTokenCount: 15, totalTokenCount: 15 } },
      finish('STOP', { usageMetadata: { promptTokenCount: 13, candidatesTokenCount: 8, cachedContentTokenCount: 5 } }),
    );
    translator.end();
    expect(translator.state).toMatchObject({
      summary: {
        usage: {
          prompt_tokens: 13,
          completion_tokens: 8,
          total_tokens: 21,
          prompt_tokens_details: { cached_tokens: 5 },
        },
      },
    });
  });
});
