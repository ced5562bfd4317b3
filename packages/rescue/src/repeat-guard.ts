/**
 * Detects a server that begins anew although it should go on where another text stopped: the beginning of its text is
 * held back while it equals the beginning of the text that the client has.
 */
export interface RepeatGuard {
  /** Returns the text that may be passed on now, or ''. */
  push(text: string): string;
  /** The text is at its end: returns the text that was held back. */
  end(): string;
  /** It began anew, and then differs from what the client has. */
  readonly isDiverged: boolean;
}

/**
 * This many equal characters are no chance: lists and tables repeat a line, but hardly the very beginning of an answer
 * at the place where it stopped. Less than `shortestRepeat` proves nothing.
 */
const certainRepeat = 40;
const shortestRepeat = 8;

export function createRepeatGuard(before: string): RepeatGuard {
  const enough = Math.min(certainRepeat, before.length);
  /** `watching`: it may be a repetition. `repeating`: it is one. `free`: all passes. */
  let state: 'watching' | 'repeating' | 'free' = before.length < shortestRepeat ? 'free' : 'watching';
  let held = '';
  let at = 0;
  let isDiverged = false;

  function release(): string {
    const released = held;
    held = '';
    return released;
  }

  return {
    push(text) {
      if (state === 'free') return text;
      const equal = commonLength(text, before, at);
      at += equal;
      if (state === 'watching') {
        held += text;
        if (at >= enough) {
          state = 'repeating';
          held = '';
        } else if (equal < text.length) {
          state = 'free';
          return release();
        }
      }
      if (state !== 'repeating') return '';
      if (at === before.length) {
        state = 'free';
        return text.slice(equal);
      }
      isDiverged ||= equal < text.length;
      return '';
    },
    end() {
      // A repetition that ends before the client's own text does.
      if (state === 'repeating') isDiverged = true;
      state = 'free';
      return release();
    },
    get isDiverged() {
      return isDiverged;
    },
  };
}

/** Number of characters of the text that equal the other text from this place on. */
function commonLength(text: string, other: string, from: number): number {
  let length = 0;
  while (length < text.length && from + length < other.length && text[length] === other[from + length]) length++;
  return length;
}
