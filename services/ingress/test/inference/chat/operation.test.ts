import { describe, expect, it } from 'vitest';
import { chat } from '../../../src/inference/chat/operation.ts';
import { resolveModel } from '../../../src/inference/resolve-model.ts';
import { configWith } from '../fakes.ts';

const round = (at: number) => [
  { role: 'user', content: `question ${at}` },
  { role: 'assistant', content: `answer ${at}` },
];
const body = { model: 'm', messages: [...round(1), ...round(2), { role: 'user', content: 'question 3' }] };

/** Shapes the request of this text for a model with these settings. */
function shape(text: string, model: Parameters<typeof configWith>[0] = {}) {
  const entry = resolveModel(configWith(model), { models: ['*'], team: undefined }, 'm');
  const bytes = Buffer.from(text);
  return { bytes, ...chat.shape(chat.parse(JSON.parse(text), unread).request, bytes, entry, false) };
}

/** These operations do not read the response. */
const unread = undefined as never;

describe('a chat request', () => {
  it.each([
    [{}, { messageCount: 5, temperature: undefined, maxTokens: undefined }],
    [
      { temperature: 0, max_tokens: 5 },
      { messageCount: 5, temperature: 0, maxTokens: 5 },
    ],
    [
      { temperature: null, max_tokens: 5, max_completion_tokens: 7 },
      { messageCount: 5, temperature: undefined, maxTokens: 7 },
    ],
  ])('with %j is logged with its parameters', (fields, parameters) => {
    expect(chat.parse({ ...body, ...fields }, unread).parameters).toEqual(parameters);
  });

  it.each([
    [{}, false],
    [{ stream: false }, false],
    [{ stream: null }, false],
    [{ stream: true }, true],
  ])('with %j is streamed: %s', (fields, stream) => {
    expect(chat.parse({ ...body, ...fields }, unread).stream).toBe(stream);
  });

  it("goes out as the client's own bytes if nothing is left out", () => {
    const text = `{ "seed": 1234567890123456789, ${JSON.stringify(body).slice(1)}`;
    for (const model of [{}, { compressContext: { rounds: 9 } }]) {
      const shaped = shape(text, model);
      expect(shaped.body).toBe(shaped.bytes);
      expect(shaped.droppedMessages).toBe(0);
    }
  });

  it('leaves its oldest rounds out, and keeps all else to the digit', () => {
    const text = `{"seed":1234567890123456789,"top_p":1.0,${JSON.stringify(body).slice(1)}`;
    const { body: shaped, request, droppedMessages } = shape(text, { compressContext: { rounds: 1 } });
    const sent = shaped.toString();
    expect(sent).toContain('"seed":1234567890123456789,"top_p":1.0');
    expect(sent).not.toContain('question 1');
    expect(sent).toContain('question 3');
    expect(droppedMessages).toBeGreaterThan(0);
    expect(request.messages).toHaveLength(body.messages.length - droppedMessages);
    expect(chat.reserve(request, shaped.length).total).toBeLessThan(
      chat.reserve(chat.parse(JSON.parse(text), unread).request, text.length).total,
    );
  });

  it.each([
    ['may be extended as often as its model says', {}, 2],
    ['is not extended if it asks for several answers', { n: 2 }, 0],
  ])('%s', (_what, fields, maxContinuations) => {
    const shaped = shape(JSON.stringify({ ...body, ...fields }), { autoContinue: 2 });
    expect(shaped.maxContinuations).toBe(maxContinuations);
  });
});
