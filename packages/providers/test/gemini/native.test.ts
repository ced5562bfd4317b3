import { providers, type StreamTranslator } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const { native } = providers.gemini.create({});
if (native === undefined) throw new Error('the adapter has no native protocol');
const { translateStream, translateWhole, toUpstream, toFailure } = native;

const response = (parts: readonly object[], more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts }, ...more }],
  modelVersion: 'gemini-x',
});
const first = response([{ text: 'Hm', thought: true, thoughtSignature: 's==' }, { text: 'Hi' }]);
const call = response([{ functionCall: { id: 'c', name: 'f', args: { a: 1 } } }], { finishReason: 'STOP' });
const last = { ...call, usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 8 } };
const blocked = { promptFeedback: { blockReason: 'SAFETY' } };

function feed(translator: StreamTranslator, ...events: readonly object[]): string {
  return events.map((event) => translator.push({ data: JSON.stringify(event) })).join('') + translator.end();
}

describe("Gemini's stream for a client of its own protocol", () => {
  it('is passed on byte for byte', () => {
    const translator = translateStream(plan());
    expect(feed(translator, first, last)).toBe(
      [first, last].map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''),
    );
    expect(translator.state).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'tool_calls', usage: { prompt_tokens: 5, completion_tokens: 3 } },
    });
  });

  it('is truncated without a finish reason', () => {
    const translator = translateStream(plan());
    feed(translator, first);
    expect(translator.state).toMatchObject({ kind: 'failed', failure: { kind: 'truncated' } });
  });

  it('gives the feedback on a refused prompt as its answer', () => {
    const translator = translateStream(plan());
    expect(feed(translator, blocked)).toBe(`data: ${JSON.stringify(blocked)}\n\n`);
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'content_filter' } });
  });
});

describe("a request in Gemini's own protocol", () => {
  it('keeps its bytes and goes to the method of the target', () => {
    const body = '{ "contents":[ ], "n":1e400 }';
    const request = { protocol: 'gemini', headers: {}, body } as const;
    const sent = toUpstream(request, plan({ model: 'gemini-x', stream: true, apiKey: 'k' }));
    expect(sent).toMatchObject({
      body,
      url: `${plan().baseUrl}/models/gemini-x:streamGenerateContent?alt=sse`,
      headers: { 'x-goog-api-key': 'k' },
    });
    expect(toUpstream(request, plan({ model: 'gemini-x', stream: false })).url).toMatch(/gemini-x:generateContent$/);
  });

  it('gets a whole answer as it is, and the feedback on a refused prompt too', () => {
    const whole = plan({ stream: false });
    expect(translateWhole(JSON.stringify(last), whole)).toMatchObject({ kind: 'complete', text: JSON.stringify(last) });
    expect(translateWhole(JSON.stringify(blocked), whole)).toMatchObject({ kind: 'complete' });
  });

  it('gets the words of a refusal', () => {
    const body = '{"error":{"code":400,"message":"contents is not specified","status":"INVALID_ARGUMENT"}}';
    expect(toFailure({ status: 400, headers: {}, receivedAt: 0 }, body)).toMatchObject({
      answer: { status: 400, body },
    });
  });
});
