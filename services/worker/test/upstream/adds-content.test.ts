import { describe, expect, it } from 'vitest';
import { addsContent } from '../../src/upstream/adds-content.ts';
import { names } from '../fake-upstream.ts';

const chunk = (choices: readonly object[]): string =>
  `data: ${JSON.stringify({ ...names, object: 'chat.completion.chunk', choices })}\n\n`;
const event = (delta: object, finishReason: string | null = null): string =>
  chunk([{ index: 0, delta, finish_reason: finishReason }]);

describe('addsContent', () => {
  it.each([
    ['a text', event({ content: 'a' })],
    ['a text behind a role', event({ role: 'assistant', content: 'a' })],
    ['a text that begins with a quote', event({ content: '"' })],
    ['reasoning', event({ reasoning_content: 'a' })],
    ['a refusal', event({ refusal: 'no' })],
    ['a piece of a call', event({ tool_calls: [{ index: 0, function: { arguments: '{' } }] })],
    ['a finish', event({}, 'stop')],
    ['an unknown member', event({ audio: { data: 'a' } })],
    ['one of two events', event({ content: '' }) + event({ content: 'a' })],
    ['text with blanks in its JSON', 'data: {"choices":[{"delta":{"content" : "a"}}]}\n\n'],
    ['a second choice with a text', chunk([{ index: 0, delta: {}, finish_reason: null }, { delta: { content: 'a' } }])],
    ['a second event that cannot be read', `${event({ role: 'assistant' })}data: {\n\n`],
    ['what cannot be read', 'data: {\n\n'],
  ])('finds %s', (_what, sse) => {
    expect(addsContent(sse)).toBe(true);
  });

  it.each([
    ['a role alone', event({ role: 'assistant' })],
    ['an empty text', event({ role: 'assistant', content: '' })],
    ['a null', event({ content: null, refusal: null })],
    ['an empty list of calls', event({ tool_calls: [] })],
    ['a role with what OpenAI adds', event({ role: 'assistant', content: '', refusal: null })],
    ['an empty text with blanks in its JSON', 'data: {"choices": [{"delta":{"content":""}}]}\n\n'],
    ['no choice at all', chunk([])],
  ])('does not take %s for content', (_what, sse) => {
    expect(addsContent(sse)).toBe(false);
  });
});
