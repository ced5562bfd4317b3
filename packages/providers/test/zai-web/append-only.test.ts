import { describe, expect, it } from 'vitest';
import { createAppendOnly } from '../../src/zai-web/append-only.ts';

describe('a text that only grows', () => {
  it('holds back its end until it is flushed', () => {
    const text = createAppendOnly(3);
    expect([text.append('ab'), text.append('cde'), text.append('f'), text.flush()]).toEqual(['', 'ab', 'c', 'def']);
  });

  it('sends no trace of an edit within the held-back text', () => {
    const text = createAppendOnly(5);
    expect([text.append('Hello wrold'), text.replace('Hello world!'), text.flush()]).toEqual(['Hello ', 'w', 'orld!']);
  });

  it('continues after the common prefix if sent text was rewritten', () => {
    const text = createAppendOnly(0);
    expect([text.append('abcdef'), text.replace('abXY'), text.append('Z'), text.flush()]).toEqual([
      'abcdef',
      'XY',
      'Z',
      '',
    ]);
  });

  it('sends nothing twice if it shrinks and grows back', () => {
    const text = createAppendOnly(0);
    expect([text.append('abcdef'), text.replace('abc'), text.append('de'), text.append('fg')]).toEqual([
      'abcdef',
      '',
      '',
      'g',
    ]);
    const other = createAppendOnly(0);
    expect([other.append('abcdef'), other.replace('abc'), other.append('dX')]).toEqual(['abcdef', '', 'X']);
  });

  it('never splits a character', () => {
    const text = createAppendOnly(1);
    expect([text.append('a😀'), text.append('b'), text.flush()]).toEqual(['a', '😀', 'b']);
    const torn = createAppendOnly(0);
    expect([torn.append('a\ud83d'), torn.append('\ude00')]).toEqual(['a', '😀']);
    const edited = createAppendOnly(0);
    expect([edited.append('a😀'), edited.replace('a😁')]).toEqual(['a😀', '😁']);
  });
});
