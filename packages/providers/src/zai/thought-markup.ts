/** Result of splitting a piece of an answer's text. */
export interface SplitText {
  readonly reasoning: string;
  readonly content: string;
}

/** Separates reasoning from a chunked text and removes marks, wherever the chunks cut them. */
export interface MarkupReader {
  push(piece: string): SplitText;
  /** Returns the text that was held back because it might have been the start of a mark. */
  end(): SplitText;
}

const open = '<think>';
const close = '</think>';
/** Marks around the text that the model considers its result. */
const boxes = ['<|begin_of_box|>', '<|end_of_box|>'] as const;

/**
 * Creates a reader. Some models write their reasoning at the start of the text, between `<think>` and `</think>`, and
 * mark their result with a box. Elsewhere these tags are plain text.
 */
export function createMarkupReader(): MarkupReader {
  let place: 'start' | 'opened' | 'thoughts' | 'closed' | 'answer' = 'start';
  let held = '';

  function read(isLast: boolean): SplitText {
    let reasoning = '';
    if (place === 'start') {
      const text = held.trimStart();
      if (text.startsWith(open)) {
        place = 'opened';
        held = text.slice(open.length);
      } else if (isLast || !open.startsWith(text)) {
        place = 'answer';
      } else return { reasoning: '', content: '' };
    }
    if (place === 'opened') skipLines('thoughts');
    if (place === 'thoughts') {
      const end = held.indexOf(close);
      reasoning = end === -1 ? take(isLast ? 0 : tornLength(held, [close])) : take(held.length - end);
      if (end !== -1) {
        place = 'closed';
        held = held.slice(close.length);
      }
    }
    if (place === 'closed') skipLines('answer');
    if (place !== 'answer') return { reasoning, content: '' };
    for (const box of boxes) held = held.replaceAll(box, '');
    return { reasoning, content: take(isLast ? 0 : tornLength(held, boxes)) };
  }

  /** Skips the empty lines after a mark, which belong to neither part. */
  function skipLines(next: 'thoughts' | 'answer'): void {
    held = held.replace(/^\n+/, '');
    if (held !== '') place = next;
  }

  /** Removes and returns the held text except its last characters. */
  function take(keep: number): string {
    const taken = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    return taken;
  }

  return {
    push(piece) {
      held += piece;
      return read(false);
    },
    end: () => read(true),
  };
}

/** Returns the length of a text's end that may be the start of one of these marks. */
function tornLength(text: string, marks: readonly string[]): number {
  const from = text.lastIndexOf('<');
  const tail = from === -1 ? '' : text.slice(from);
  return marks.some((mark) => mark.startsWith(tail)) ? tail.length : 0;
}
