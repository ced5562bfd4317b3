import type { Reply } from '../inference/reply/reply.ts';

/** A request that continues a conversation. */
export interface Continuation {
  /** Returns a reply that keeps the answer as well, and stores question and answer after a complete end. */
  keep(reply: Reply, stream: boolean): Reply;
}
