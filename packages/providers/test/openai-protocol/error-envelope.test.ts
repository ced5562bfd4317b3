import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { asEmbeddings } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { createOpenAiAdapter } from '../../src/openai-protocol/adapter.ts';
import { plainStyle } from '../../src/openai-protocol/options.ts';
import { plan } from '../plan.ts';

const overloaded: UpstreamFailure = { kind: 'busy', message: 'The kettle is full.' };
const kettle = '{"kettle":"full"}';

/** A server that reports errors as `{"kettle":"full"}`. */
const adapter = createOpenAiAdapter(plainStyle, {
  errors: {
    toFailure: ({ status }) => ({ ...overloaded, status }),
    errorOf: (text) => (text.startsWith('{"kettle"') ? overloaded : undefined),
  },
});

const head: ResponseHead = { status: 503, headers: {}, receivedAt: 0 };
const chunk = (delta: object, finishReason: string | null = null): string =>
  JSON.stringify({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  });

const opened = () => adapter.translateStream({}, plan());

describe('an error in a form of its own', () => {
  it('is read from an answer with an error status, of chats and embeddings', () => {
    expect(adapter.toFailure(head, kettle)).toEqual({ ...overloaded, status: 503 });
    expect(asEmbeddings(adapter)?.toFailure(head, kettle)).toEqual({ ...overloaded, status: 503 });
  });

  it('is read from a whole answer', () => {
    expect(adapter.translateWhole(kettle, {}, plan())).toEqual({ kind: 'failed', failure: overloaded });
  });

  it('is read from embeddings', () => {
    const translated = adapter.embeddings?.translateWhole(kettle, { input: 'a' }, plan());
    expect(translated).toEqual({ kind: 'failed', failure: overloaded });
  });

  it.each([
    ['first', []],
    ['in the middle', [chunk({ role: 'assistant', content: 'a' }), chunk({ content: 'b' })]],
    ['after the end', [chunk({ role: 'assistant', content: 'a' }), chunk({}, 'stop')]],
  ])('is read from an event of a stream: %s', (_where, before) => {
    const translator = opened();
    for (const data of before) expect(translator.push({ data })).not.toBe('');
    expect(translator.push({ data: kettle })).toBe('');
    expect(translator.state).toEqual({ kind: 'failed', failure: overloaded });
    expect([translator.push({ data: chunk({ content: 'c' }) }), translator.end()]).toEqual(['', '']);
  });

  it('is not searched for in an event with choices, nor is an answer one', () => {
    const translator = opened();
    const texts = [chunk({ role: 'assistant', content: kettle }), chunk({ content: kettle }), chunk({}, 'stop')];
    expect(texts.map((data) => translator.push({ data })).join('')).toContain('kettle');
    translator.push({ data: '[DONE]' });
    expect(translator.state).toMatchObject({ kind: 'complete', summary: { finishReason: 'stop' } });
  });

  it("does not replace OpenAI's form", () => {
    const openai = '{"error":{"message":"no","code":"context_length_exceeded"}}';
    const failure = expect.objectContaining({ kind: 'context_length' }) as unknown;
    expect(adapter.translateWhole(openai, {}, plan())).toMatchObject({ kind: 'failed', failure });
    const translator = opened();
    translator.push({ data: openai });
    expect(translator.state).toMatchObject({ kind: 'failed', failure });
  });
});
