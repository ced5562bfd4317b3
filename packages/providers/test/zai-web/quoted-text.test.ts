import { describe, expect, it } from 'vitest';
import { createQuotedText } from '../../src/zai-web/quoted-text.ts';

describe('quoted reasoning', () => {
  it.each<[what: string, pieces: string[], unquoted: string[]]>([
    ['quotes of every line', ['> a\n> b\n> c'], ['a\nb\nc']],
    ['a quote without a space', ['>a\n>b'], ['a\nb']],
    ['line ends before the first line', ['\n\n> a'], ['a']],
    ['line ends before the first line, in a piece of their own', ['\n', '> a'], ['', 'a']],
    ['a quote in a piece of its own', ['> ', 'a'], ['', 'a']],
    ['only one of two quotes', ['> > a\n> > b'], ['> a\n> b']],
    ['one space of several', ['>   a'], ['  a']],
    ['no `>` within a line', ['a', '> b', ' > c'], ['a', '> b', ' > c']],
    ['no empty line within the reasoning', ['> a\n>\n> b'], ['a\n\nb']],
    ['nothing of lines that are not quoted', ['a\nb'], ['a\nb']],
  ])('loses %s', (_what, pieces, unquoted) => {
    const quoted = createQuotedText();
    expect(pieces.map(quoted.unquote)).toEqual(unquoted);
  });

  it('loses the quote at the start of a piece that begins a line, but not the line ends before it', () => {
    const quoted = createQuotedText();
    quoted.unquote('> a');
    quoted.beginLine();
    expect([quoted.unquote('> b'), quoted.unquote('> c')]).toEqual(['b', '> c']);
    quoted.beginLine();
    expect(quoted.unquote('\n> d')).toBe('\nd');
  });
});

describe('the open end of quoted reasoning', () => {
  it.each([
    ['', 0],
    ['a', 1],
    ['a > b', 5],
    ['a\n', 1],
    ['a\n> ', 1],
    ['a\n>\n> \n', 1],
    ['a\nb > ', 6],
  ])('of %j begins at %i, wherever the piece begins', (piece, at) => {
    const begun = createQuotedText();
    begun.unquote('> x');
    expect([createQuotedText().openEndOf(piece), begun.openEndOf(piece)]).toEqual([at, at]);
  });

  it('is a whole piece of quotes only where a line begins', () => {
    const quoted = createQuotedText();
    const ends = [quoted.openEndOf('> ')];
    quoted.unquote('> x');
    ends.push(quoted.openEndOf('> '));
    quoted.beginLine();
    ends.push(quoted.openEndOf('> '));
    expect(ends).toEqual([0, 2, 0]);
  });
});
