import { describe, expect, it } from 'vitest';
import { createReplyText } from '../../src/zai-web/reply-text.ts';

const pieces = 30_000;
const piece = 'some words of a search. ';

describe('a long piece of markup in many chunks takes time in proportion to its length', () => {
  it.each([
    ['a block before any text', 'tool_call', '<glm_block>', '</glm_block>\n\n', { reasoning: '', content: 'Yes.' }],
    ['a block in an answer', 'other', 'See <glm_block>', '</glm_block>', { reasoning: '', content: 'See Yes.' }],
    [
      'a summary of reasoning',
      'thinking',
      '<details type="reasoning"><summary>',
      '</summary>\n> Hm.\n</details>\n',
      { reasoning: 'Hm.', content: 'Yes.' },
    ],
  ])('%s', { timeout: 1000 }, (_what, phase, open, close, said) => {
    const text = createReplyText({ keepsMarkup: false });
    const parts = [
      text.apply({ phase, delta_content: open }),
      ...Array.from({ length: pieces }, () => text.apply({ phase, delta_content: piece })),
      text.apply({ phase, delta_content: close }),
      text.apply({ phase: 'answer', delta_content: 'Yes.' }),
      text.end(),
    ];
    expect(parts.map(({ reasoning }) => reasoning).join('')).toBe(said.reasoning);
    expect(parts.map(({ content }) => content).join('')).toBe(said.content);
  });
});
