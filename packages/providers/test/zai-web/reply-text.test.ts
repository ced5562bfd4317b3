import { describe, expect, it } from 'vitest';
import { createReplyText } from '../../src/zai-web/reply-text.ts';

type Update = { phase: string; delta_content?: string; edit_content?: string; edit_index?: number };

/** Returns pseudo-random numbers in [0, limit), equal for the same seed. */
function createDice(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 1;
    return (state >>> 8) % limit;
  };
}

const snippets = [
  'a',
  ' ',
  '\n',
  '> ',
  '>',
  '<',
  '🙂',
  '你',
  '<b>',
  '</',
  'word',
  '<det',
  '<glm',
  '&',
  '</sum',
] as const;

function createText(dice: (limit: number) => number, length: number): string {
  return Array.from({ length }, () => snippets[dice(snippets.length)]).join('');
}

/** Sends a text in pieces; some updates first contain a wrong ending. */
function toUpdates(text: string, options: { from: number; phase: string; dice: (limit: number) => number }): Update[] {
  const { from, phase, dice } = options;
  const updates: Update[] = [];
  for (let at = 0; at < text.length;) {
    const end = Math.min(text.length, at + 1 + dice(9));
    const piece = text.slice(at, end);
    if (phase === 'answer' && dice(3) === 0) {
      updates.push({ phase, delta_content: `${piece.slice(1)}?` });
      updates.push({ phase: 'other', edit_index: from + at, edit_content: piece });
    } else updates.push({ phase, delta_content: piece });
    at = end;
  }
  return updates;
}

function say(updates: readonly Update[], keepsMarkup = false): { reasoning: string; content: string } {
  const text = createReplyText({ keepsMarkup });
  const said = [...updates.map((update) => text.apply(update as Parameters<typeof text.apply>[0])), text.end()];
  return {
    reasoning: said.map(({ reasoning }) => reasoning).join(''),
    content: said.map(({ content }) => content).join(''),
  };
}

const seeds = Array.from({ length: 200 }, (_, seed) => seed);

describe('an answer whose end is rewritten', () => {
  it('is sent in its final form, wrapped', () => {
    for (const seed of seeds) {
      const dice = createDice(seed);
      const lines = `x${createText(dice, 20)}x`.split('\n');
      const answer = `x${createText(dice, 40)}x`;
      const opening = '<details type="reasoning" done="';
      const quoted = lines.map((line) => `> ${line}`).join('\n');
      const live = `${opening}false">\n${quoted}`;
      const ended = `${opening}true" duration="1">\n<summary>1 s</summary>\n${quoted}\n</details>\n`;
      const updates = [
        ...toUpdates(live, { from: 0, phase: 'thinking', dice }),
        { phase: 'answer', edit_index: opening.length, edit_content: ended.slice(opening.length) },
        ...toUpdates(answer, { from: ended.length, phase: 'answer', dice }),
      ];
      expect({ seed, ...say(updates) }).toEqual({ seed, reasoning: lines.join('\n'), content: answer });
      expect({ seed, ...say(updates, true) }).toEqual({ seed, reasoning: '', content: ended + answer });
    }
  });

  it('is sent in its final form, plain', () => {
    for (const seed of seeds) {
      const dice = createDice(seed);
      const thoughts = `x${createText(dice, 20)}`;
      const answer = `x${createText(dice, 40)}x`;
      const updates = [
        ...toUpdates(thoughts, { from: 0, phase: 'thinking', dice }),
        ...toUpdates(answer, { from: 0, phase: 'answer', dice }),
      ];
      expect({ seed, ...say(updates) }).toEqual({ seed, reasoning: thoughts, content: answer });
    }
  });
});
