/**
 * Detects a server that starts the answer anew instead of continuing a text: holds back the start of the new text
 * while it equals the start of the text that the client has.
 */
export interface RepeatGuard {
  /** Takes a piece of text and returns the part that may be passed on now, or ''. */
  push(text: string): string;
  /** Ends the text and returns the held-back part. */
  end(): string;
  /** True if the server started anew and its text then differs from the client's text. */
  readonly isDiverged: boolean;
}

/**
 * Number of equal characters that prove a repetition: lists and tables repeat a line, but hardly ever the very start of
 * an answer at the point where it stopped. Fewer than `shortestRepeat` prove nothing.
 */
const certainRepeat = 40;
const shortestRepeat = 8;

export function createRepeatGuard(before: string): RepeatGuard {
  const enough = Math.min(certainRepeat, before.length);
  /** `watching`: the text may be a repetition. `repeating`: it is one. `free`: everything passes. */
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
      // A repetition that ends before the client's own text ends.
      if (state === 'repeating') isDiverged = true;
      state = 'free';
      return release();
    },
    get isDiverged() {
      return isDiverged;
    },
  };
}

/** Returns the number of characters of the text that equal the other text from this index on. */
function commonLength(text: string, other: string, from: number): number {
  let length = 0;
  while (length < text.length && from + length < other.length && text[length] === other[from + length]) length++;
  return length;
}
