import type { Delivered, Usage } from '@sluice/protocol';

/**
 * Makes one answer of several calls, each of which went on where the one before had met its limit. What only the last
 * of them may say, that the answer ends and what it cost, is held back until it is known which one is the last.
 */
export interface AnswerJoin {
  /** Takes what a call gives, and gives what the client may have of it now, or ''. */
  take(text: string): string;
  /**
   * A call has come through. Gives the answer so far, or undefined where nobody can go on with it: it has no text, or more
   * than text.
   */
  endCall(usage: Usage | undefined): Delivered | undefined;
  /** There is no further call, or it failed: gives what was held back, or ''. */
  close(): string;
  /** Of all calls that have come through, as far as the provider has counted. */
  readonly usage: Usage | undefined;
}
