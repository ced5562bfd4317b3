/** Text in pieces: its beginning is taken as soon as it is understood, the rest waits for the next piece. */
export interface HeldText {
  /** The waiting text. */
  readonly text: string;
  add(piece: string): void;
  /** Removes and returns the first characters. */
  take(length: number): string;
  /**
   * Removes and returns the text up to and including a tag. If the tag is missing, it leaves only the end of the text
   * that may be the start of the tag.
   */
  takeThrough(tag: string): string;
  clear(): void;
}

export function createHeldText(): HeldText {
  const held = {
    text: '',
    add: (piece: string) => void (held.text += piece),
    take(length: number): string {
      const taken = held.text.slice(0, length);
      held.text = held.text.slice(length);
      return taken;
    },
    takeThrough(tag: string): string {
      const at = held.text.indexOf(tag);
      return held.take(at === -1 ? held.text.length - tornLength(held.text, [tag]) : at + tag.length);
    },
    clear: () => void (held.text = ''),
  };
  return held;
}

/** Returns the length of a text's end that may be the start of one of these tags. */
export function tornLength(text: string, tags: readonly string[]): number {
  const from = text.lastIndexOf('<');
  const tail = from === -1 ? '' : text.slice(from);
  return tags.some((tag) => tag.startsWith(tail)) ? tail.length : 0;
}
