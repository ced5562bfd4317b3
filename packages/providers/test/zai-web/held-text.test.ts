import { describe, expect, it } from 'vitest';
import { createHeldText, tornLength } from '../../src/zai-web/held-text.ts';

describe('the end of a text that may be the start of a tag', () => {
  it.each<[text: string, tags: string[], length: number]>([
    ['', ['</a>'], 0],
    ['text', ['</a>'], 0],
    ['text<', ['</a>'], 1],
    ['text</', ['</a>'], 2],
    ['text</a>', ['</a>'], 4],
    ['text</a> more', ['</a>'], 0],
    ['text<b', ['</a>'], 0],
    ['text<b', ['</a>', '<bold'], 2],
    ['a < b </', ['</a>'], 2],
    ['text<<', ['<<a'], 1],
    ['text<', [], 0],
  ])('%j with the tags %j has %i characters', (text, tags, length) => {
    expect(tornLength(text, tags)).toBe(length);
  });
});

describe('a held text', () => {
  it('gives its first characters and keeps the rest', () => {
    const held = createHeldText();
    held.add('Hello');
    held.add(' world');
    expect([held.take(3), held.text, held.take(0), held.take(99), held.text]).toEqual([
      'Hel',
      'lo world',
      '',
      'lo world',
      '',
    ]);
  });

  it.each([
    ['in', 'some</a>more</a>', 'some</a>', 'more</a>'],
    ['at the end of', 'some</a>', 'some</a>', ''],
    ['begun in', 'some</', 'some', '</'],
    ['missing in', 'some<b>', 'some<b>', ''],
  ])('is taken through a tag that is %s %j', (_where, text, taken, left) => {
    const held = createHeldText();
    held.add(text);
    expect([held.takeThrough('</a>'), held.text]).toEqual([taken, left]);
  });

  it('finds a tag that arrives in two pieces', () => {
    const held = createHeldText();
    held.add('some</');
    const before = held.takeThrough('</a>');
    held.add('a>more');
    expect([before, held.takeThrough('</a>'), held.text]).toEqual(['some', '</a>', 'more']);
  });

  it('is empty after it was cleared', () => {
    const held = createHeldText();
    held.add('some');
    held.clear();
    held.add('more');
    expect(held.text).toBe('more');
  });
});
