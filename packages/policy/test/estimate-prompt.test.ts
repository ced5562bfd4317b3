import { estimatePrompt } from '@sluice/policy';
import { describe, expect, it } from 'vitest';

const quarter = (value: unknown): number => Math.ceil(JSON.stringify(value).length / 4);

describe('estimatePrompt', () => {
  it('counts a token for four bytes of messages and tools', () => {
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const tools = [{ type: 'function' as const, function: { name: 'f' } }];
    expect(estimatePrompt('chat', { messages })).toBe(quarter(messages));
    expect(estimatePrompt('chat', { messages, tools, model: 'm' })).toBe(
      Math.ceil((JSON.stringify(messages).length + JSON.stringify(tools).length) / 4),
    );
  });

  it('counts an image as one piece, whatever its size', () => {
    const withImage = (bytes: number) => ({
      messages: [
        { role: 'user' as const, content: [{ type: 'image_url' as const, image_url: { url: 'x'.repeat(bytes) } }] },
      ],
    });
    expect(estimatePrompt('chat', withImage(1_000_000))).toBe(estimatePrompt('chat', withImage(10)));
    expect(estimatePrompt('chat', withImage(10))).toBeGreaterThan(700);
  });

  it.each([
    ['eight by', 2],
    [['four', 'four'], 2],
    [[1, 2, 3], 3],
    [[[1, 2], [3]], 3],
  ])('counts inputs of embeddings, texts and tokens: %j', (input, tokens) => {
    expect(estimatePrompt('embeddings', { input })).toBe(tokens);
  });
});
