import { createReasoningStream, isReshaped, reshapeCompletion, type ThinkingMode } from '@sluice/answers';
import type { Reply } from './reply.ts';

/** Gives the answer's reasoning the form that the client wants, as the last thing before they are written. */
export function withThinking(reply: Reply, mode: ThinkingMode, stream: boolean): Reply {
  if (!isReshaped(mode)) return reply;
  const reasoning = stream ? createReasoningStream(mode) : undefined;
  let whole = '';

  /** Stripped text is silence to the client, and the heartbeat has to go on. */
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
