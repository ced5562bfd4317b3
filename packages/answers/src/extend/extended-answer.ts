import type { Delivered, Usage } from '@sluice/protocol';

/**
 * Joins several attempts into one answer; each attempt extends the answer where the previous one reached its limit. The
 * end of the answer and its usage, which only the last attempt may report, are held back until that attempt is known.
 */
export interface ExtendedAnswer {
  /** Takes a piece of an attempt and returns the part that the client may have now, or ''. */
  take(text: string): string;
  /**
   * Ends a successful attempt. Returns the answer so far, or undefined if it cannot be extended: it has no text, or
   * more than text.
   */
  endCall(usage: Usage | undefined): Delivered | undefined;
  /** Ends the answer because no further attempt follows or the last one failed. Returns the held-back text, or ''. */
  close(): string;
  /** Usage of all successful attempts, as far as the provider has reported it. */
  readonly usage: Usage | undefined;
}
