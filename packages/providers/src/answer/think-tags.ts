/** A piece of an answer, split into text and reasoning. */
export interface SplitText {
  readonly text: string;
  readonly thought: string;
}

/** Separates reasoning from an answer's text. */
export interface ThinkTagSplitter {
  push(piece: string): SplitText;
  /** Returns the text that was held back because it might have been the start of a tag. */
  end(): SplitText;
}

const opening = '<think>';
const closing = '</think>';

/**
 * Creates a splitter. Reasoning stands at the start of an answer, between tags that chunks may cut at any point. A
 * later tag belongs to the answer's text, which may be about tags.
 */
export function createThinkTagSplitter(): ThinkTagSplitter {
  let state: 'before' | 'opened' | 'thinking' | 'after' | 'text' = 'before';
  let held = '';

  /** Returns the part of the held text that can be classified, and keeps the rest. */
  function take(): SplitText {
    if (state === 'before') {
      const start = held.trimStart();
      if (start.startsWith(opening)) {
        state = 'opened';
        held = start.slice(opening.length);
      } else if (!opening.startsWith(start)) {
        state = 'text';
      }
    }
    if (state === 'opened' && held !== '') {
      // The tag may stand on a line of its own.
      held = held.replace(/^\n/, '');
      state = 'thinking';
    }
    if (state === 'thinking') {
      const end = held.indexOf(closing);
      if (end === -1) return { text: '', thought: release(held.length - tailOf(held)) };
      const thought = release(end);
      held = held.slice(closing.length);
      state = 'after';
      return { ...take(), thought };
    }
    if (state === 'after') {
      // The answer itself starts after a blank line, which is not part of it.
      held = held.trimStart();
      if (held !== '') state = 'text';
    }
    return { text: state === 'text' ? release(held.length) : '', thought: '' };
  }

  function release(length: number): string {
    const released = held.slice(0, length);
    held = held.slice(length);
    return released;
  }

  return {
    push(piece) {
      held += piece;
      return take();
    },
    end() {
      const rest = release(held.length);
      return state === 'thinking' ? { text: '', thought: rest } : { text: rest, thought: '' };
    },
  };
}

/** Returns the number of characters at the end that may be the start of the closing tag. */
function tailOf(text: string): number {
  for (let length = Math.min(closing.length - 1, text.length); length > 0; length--) {
    if (closing.startsWith(text.slice(-length))) return length;
  }
  return 0;
}

/** Separates the reasoning from a whole answer. */
export function splitReasoning(text: string): SplitText {
  const splitter = createThinkTagSplitter();
  const first = splitter.push(text);
  const rest = splitter.end();
  return { text: first.text + rest.text, thought: first.thought + rest.thought };
}
