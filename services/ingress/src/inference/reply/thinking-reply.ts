import { createReasoningStream, isReshaped, reshapeCompletion, type ThinkingMode } from '@sluice/answers';
import type { Reply } from './reply.ts';

/** Gives the reasoning the client's form, right before the answer is written. */
export function withThinking(reply: Reply, mode: ThinkingMode, stream: boolean): Reply {
  if (!isReshaped(mode)) return reply;
  const reasoning = stream ? createReasoningStream(mode) : undefined;
  let whole = '';

  /** An empty text must not reach the reply: it would silence the heartbeat. */
  function write(text: string): void {
    if (text !== '') reply.onData(text);
  }

  return {
    ...reply,
    onData(text) {
      if (reasoning === undefined) whole += text;
      else write(reasoning.push(text));
    },
    onEnd() {
      write(reasoning === undefined ? reshapeCompletion(whole, mode) : reasoning.end());
      reply.onEnd();
    },
  };
}
