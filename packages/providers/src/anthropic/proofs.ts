import type { AnswerDraft } from '../answer/stream-translator.ts';
import { encryptedReasoning, type ReasoningBlock, type ReasoningDetail, signedReasoning } from './reasoning-details.ts';

/** Signed reasoning of blocks that have ended; the client must send it back with the answer. */
export interface Proofs {
  /** Adds a block of reasoning; without a signature it proves nothing. */
  addSigned(index: number, block: Omit<ReasoningBlock, 'index'>): void;
  addEncrypted(index: number, data: string): void;
  /**
   * Sends what was not sent before. Signed reasoning is needed only if tools were called. It is sent late: until the
   * first tool call, or the end of an answer without tools, a stream that breaks off is plain text that another attempt
   * can resume.
   */
  send(answer: AnswerDraft): void;
}

export function createProofs(): Proofs {
  let unsent: ReasoningDetail[] = [];
  return {
    addSigned(index, { text, signature }) {
      if (signature !== '') unsent.push(signedReasoning({ index, text, signature }));
    },
    addEncrypted: (index, data) => void unsent.push(encryptedReasoning(index, data)),
    send(answer) {
      if (unsent.length > 0) answer.delta({ reasoning_details: unsent });
      unsent = [];
    },
  };
}
