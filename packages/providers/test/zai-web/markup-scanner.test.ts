import { describe, expect, it } from 'vitest';
import { createMarkupScanner, type Scanned, type ScannerOptions } from '../../src/zai-web/markup-scanner.ts';

const plain: ScannerOptions = { isWrapped: false, keepsMarkup: false };
const wrapped: ScannerOptions = { isWrapped: true, keepsMarkup: false };
const kept: ScannerOptions = { isWrapped: true, keepsMarkup: true };

/** Scans pieces to their end, and joins the results. */
function scan(options: ScannerOptions, pieces: readonly string[]): Scanned {
  const scanner = createMarkupScanner(options);
  const parts = [...pieces.map(scanner.push), scanner.end()];
  return {
    reasoning: parts.map(({ reasoning }) => reasoning).join(''),
    content: parts.map(({ content }) => content).join(''),
  };
}

const said = (content: string): Scanned => ({ reasoning: '', content });

const open = '<details type="reasoning" done="true">\n';
const summary = '<summary>Thought for 1 second</summary>\n';

describe.each<[what: string, options: ScannerOptions, text: string, scanned: Scanned]>([
  ['plain text', plain, 'a < b <b>c</b>', said('a < b <b>c</b>')],
  ['plain text with a tool block', plain, 'a<glm_block x="">{"<":1}</glm_block>b', said('ab')],
  ['plain text with two tool blocks', plain, '<glm_block/></glm_block>a<glm_block></glm_block>', said('a')],
  ['plain text that ends like a tag', plain, 'a<glm_', said('a<glm_')],
  ['plain text with the markup of reasoning', plain, `${open}> b\n</details>`, said(`${open}> b\n</details>`)],
  ['a tool block without an end', plain, 'a<glm_block>b</glm_', said('a')],
  ['wrapped reasoning', wrapped, `${open}> b\n> c\n</details>\nd`, { reasoning: 'b\nc', content: 'd' }],
  ['reasoning with a summary', wrapped, `${open}${summary}> b\n</details>\n\nd`, { reasoning: 'b', content: 'd' }],
  [
    'reasoning with empty lines at its end',
    wrapped,
    `${open}> b\n> \n>\n</details>d`,
    { reasoning: 'b', content: 'd' },
  ],
  [
    'reasoning with other tags',
    wrapped,
    `${open}> <b>a</b> </d\n</details>c`,
    { reasoning: '<b>a</b> </d', content: 'c' },
  ],
  [
    'reasoning with a tool block',
    wrapped,
    `${open}> a<glm_block>x</glm_block>b\n</details>c`,
    { reasoning: 'ab', content: 'c' },
  ],
  [
    'reasoning after a tool block',
    wrapped,
    ` <glm_block>x</glm_block>${open}> a\n</details>c`,
    { reasoning: 'a', content: 'c' },
  ],
  [
    'reasoning around a summary',
    wrapped,
    `${open}> a\n<summary>x</summary>> b\n</details>c`,
    { reasoning: 'a\nb', content: 'c' },
  ],
  ['reasoning without an end', wrapped, `${open}> a </det`, { reasoning: 'a </det', content: '' }],
  ['empty reasoning', wrapped, `${open}</details>\na`, { reasoning: '', content: 'a' }],
  [
    'reasoning that stays in the text',
    kept,
    `${open}${summary}> b\n</details>\n\nd`,
    said(`${open}${summary}> b\n</details>\n\nd`),
  ],
  [
    'kept reasoning with tool blocks',
    kept,
    `${open}> a<glm_block>x</glm_block>b\n</details><glm_block></glm_block>c`,
    said(`${open}> ab\n</details>c`),
  ],
])('%s', (_what, options, text, scanned) => {
  it('is scanned as a whole', () => {
    expect(scan(options, [text])).toEqual(scanned);
  });

  it('gives the same when it is cut anywhere, or into its characters', () => {
    const cuts = Array.from(text, (_, at) => [text.slice(0, at), text.slice(at)]);
    for (const pieces of [...cuts, text.split('')]) expect(scan(options, pieces), pieces.join('|')).toEqual(scanned);
  });
});

describe('a scanner', () => {
  it('holds back only what may be a tag', () => {
    const { push } = createMarkupScanner(plain);
    expect(['a<gl', 'ass', '<', 'b<glm_block'].map((piece) => push(piece).content)).toEqual(['a', '<glass', '', '<b']);
  });

  it('holds back the line ends of reasoning until the reasoning continues', () => {
    const { push } = createMarkupScanner(wrapped);
    push(open);
    expect(['> a\n', '> ', '\n> b'].map((piece) => push(piece).reasoning)).toEqual(['a', '', '\n\nb']);
  });

  it('leaves a block without an end, and drops what it held of it', () => {
    const scanner = createMarkupScanner(plain);
    expect(scanner.push('a<glm_block>{}</glm')).toEqual(said('a'));
    expect(scanner.isInBlock()).toBe(true);
    scanner.leaveBlock();
    expect(scanner.isInBlock()).toBe(false);
    expect(scanner.push('b')).toEqual(said('b'));
  });

  it('keeps what it holds when there is no block to leave', () => {
    const scanner = createMarkupScanner(plain);
    scanner.push('a<glm');
    scanner.leaveBlock();
    expect(scanner.end()).toEqual(said('<glm'));
  });

  it('knows when the reasoning is over', () => {
    const scanner = createMarkupScanner(wrapped);
    const isOver = ['<details', '>\n> a', '\n</details', '>', '\nb'].map((piece) => {
      scanner.push(piece);
      return scanner.isReasoningOver();
    });
    expect(isOver).toEqual([false, false, false, true, true]);
    expect(createMarkupScanner(plain).isReasoningOver()).toBe(true);
  });
});
