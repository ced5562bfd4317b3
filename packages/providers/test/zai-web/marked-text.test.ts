import { describe, expect, it } from 'vitest';
import { createMarkedText } from '../../src/zai-web/marked-text.ts';
import type { Scanned, ScannerOptions } from '../../src/zai-web/markup-scanner.ts';
import type { WebUpdate } from '../../src/zai-web/wire.ts';

const plain: ScannerOptions = { isWrapped: false, keepsMarkup: false };
const wrapped: ScannerOptions = { isWrapped: true, keepsMarkup: false };
const kept: ScannerOptions = { isWrapped: true, keepsMarkup: true };

const says = (text: string, phase = 'answer'): WebUpdate => ({ phase, delta_content: text });
const edits = (at: number, text: string): WebUpdate => ({ phase: 'other', edit_index: at, edit_content: text });

/** Applies updates and ends the text; returns what each step gave as `[reasoning, content]`. */
function steps(options: ScannerOptions, updates: readonly WebUpdate[]): [string, string][] {
  const text = createMarkedText(options);
  const pair = ({ reasoning, content }: Scanned): [string, string] => [reasoning, content];
  return [...updates.map((update) => pair(text.apply(update))), pair(text.end())];
}

/** 24 characters, as many as a text holds back. */
const tail = 'x'.repeat(24);

describe('a marked text', () => {
  it('holds back its last 24 characters until it ends', () => {
    expect(steps(plain, [says(`Hello${tail}`), says(' world')])).toEqual([
      ['', 'Hello'],
      ['', 'xxxxxx'],
      ['', `${tail.slice(6)} world`],
    ]);
  });

  it('sends no trace of an edit of what it holds back', () => {
    expect(steps(plain, [says('Hello wrold'), edits(6, 'world!')])).toEqual([
      ['', ''],
      ['', ''],
      ['', 'Hello world!'],
    ]);
  });

  it('continues after what is unchanged when its whole text is replaced', () => {
    const text = createMarkedText(plain);
    expect(text.apply(says(`Hello${tail}`)).content).toBe('Hello');
    expect(text.replace(`Hello world${tail}`).content).toBe(' world');
    expect(text.end().content).toBe(tail);
  });

  it('sends reasoning at once, and none after its end', () => {
    const updates = [
      says('<details>\n> Hm', 'thinking'),
      says('.\n</details>\nHi', 'thinking'),
      edits(0, '<details>\n> Hm, no.\n</details>\nHi!'),
    ];
    expect(steps(wrapped, updates)).toEqual([
      ['Hm', ''],
      ['.', ''],
      ['', ''],
      ['', 'Hi!'],
    ]);
  });

  it('sends reasoning that an edit adds before its end', () => {
    const updates = [says('<details done="false">\n> Hm'), edits(9, 'done="true">\n> Hm, yes.\n</details>\nHi')];
    expect(steps(wrapped, updates)).toEqual([
      ['Hm', ''],
      [', yes.', ''],
      ['', 'Hi'],
    ]);
  });

  it('waits with reasoning in its markup until the opening tag is final', () => {
    const final = '<details done="true">\n> Hm.\n</details>\n';
    const updates = [says('<details done="false">\n> Hm'), says('.'), edits(9, `${final.slice(9)}Hi`)];
    const [first, second, ...others] = steps(kept, updates);
    expect([first, second]).toEqual([
      ['', ''],
      ['', ''],
    ]);
    expect(others.map(([, content]) => content).join('')).toBe(`${final}Hi`);
  });

  it('sends reasoning in its markup with the piece that ends it', () => {
    const updates = [says('<details>\n> Hm.'), says(`\n</details>\n${tail}`)];
    expect(steps(kept, updates)).toEqual([
      ['', ''],
      ['', '<details>\n> Hm.\n</details>\n'],
      ['', tail],
    ]);
  });

  it('sends reasoning in its markup that has no end when the text ends', () => {
    expect(steps(kept, [says('<details>\n> Hm. </det')])).toEqual([
      ['', ''],
      ['', '<details>\n> Hm. </det'],
    ]);
  });
});

describe('a tool block without an end', () => {
  const block = '<glm_block>{}';

  it('is over when the answer begins', () => {
    expect(steps(plain, [says(block, 'tool_call'), says('Hi'), says('!')]).at(-1)).toEqual(['', 'Hi!']);
  });

  it('continues in any other phase', () => {
    expect(steps(plain, [says(block, 'tool_call'), says('Hi', 'other')]).at(-1)).toEqual(['', '']);
  });

  it('stays over when the answer is edited after it', () => {
    expect(steps(plain, [says(block, 'tool_call'), says('Hey'), edits(14, 'i')]).at(-1)).toEqual(['', 'Hi']);
  });

  it('continues after its text was replaced', () => {
    const text = createMarkedText(plain);
    text.replace(block);
    text.apply(says('[]</glm_block>Hi', 'other'));
    expect(text.end().content).toBe('Hi');
  });

  it('is read anew when an edit changes it', () => {
    const updates = [says(block, 'tool_call'), says('Hey'), edits(11, '[]</glm_block>Hi')];
    expect(steps(plain, updates).at(-1)).toEqual(['', 'Hi']);
  });
});
