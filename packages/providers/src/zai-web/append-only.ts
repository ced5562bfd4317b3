/**
 * A text that is passed on as it grows, while its end may still be rewritten. All methods return the text that may be
 * sent now.
 */
export interface AppendOnly {
  append(piece: string): string;
  /** Replaces the text. Text that was sent can't be recalled: the part after the common prefix is sent too. */
  replace(text: string): string;
  /** Sends the rest: no more rewrites follow. */
  flush(): string;
}

/** @param heldBack number of UTF-16 units at the end that wait, because they may be rewritten */
export function createAppendOnly(heldBack: number): AppendOnly {
  let sent = '';
  let waiting = '';
  /** The text, while it is shorter than what was sent: it may grow back. */
  let shrunk: string | undefined;

  function take(keep: number): string {
    let end = Math.max(0, waiting.length - keep);
    if (end > 0 && isHighSurrogate(waiting, end - 1)) end--;
    const taken = waiting.slice(0, end);
    waiting = waiting.slice(end);
    sent += taken;
    return taken;
  }

  function replace(text: string): string {
    const isShorter = text.length < sent.length && sent.startsWith(text);
    shrunk = isShorter ? text : undefined;
    if (isShorter) {
      waiting = '';
      return '';
    }
    const common = commonLength(sent, text);
    sent = text.slice(0, common);
    waiting = text.slice(common);
    return take(heldBack);
  }

  return {
    append(piece) {
      if (shrunk !== undefined) return replace(shrunk + piece);
      waiting += piece;
      return take(heldBack);
    },
    replace,
    flush: () => take(0),
  };
}

/** Returns the length of the longest common prefix that does not end inside a character. */
function commonLength(left: string, right: string): number {
  if (right.startsWith(left)) return left.length;
  let length = 0;
  while (length < left.length && left.charCodeAt(length) === right.charCodeAt(length)) length++;
  return length > 0 && isHighSurrogate(right, length - 1) ? length - 1 : length;
}

function isHighSurrogate(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xd800 && unit <= 0xdbff;
}
