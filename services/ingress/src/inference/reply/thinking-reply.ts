import { createThoughtStream, isReshaped, reshapeCompletion, type ThinkingMode } from '@sluice/thinking';
import type { Reply } from './reply.ts';

/** Gives the answer's thoughts the form that the client wants, as the last thing before they are written. */
export function withThinking(reply: Reply, mode: ThinkingMode, stream: boolean): Reply {
  if (!isReshaped(mode)) return reply;
  const thoughts = stream ? createThoughtStream(mode) : undefined;
  let whole = '';

  /** Stripped text is silence to the client, and the heartbeat has to go on. */
  function write(text: string): void {
    if (text !== '') reply.onData(text);
  }

  return {
    ...reply,
    onData(text) {
      if (thoughts === undefined) whole += text;
      else write(thoughts.push(text));
    },
    onEnd() {
      write(thoughts === undefined ? reshapeCompletion(whole, mode) : thoughts.end());
      reply.onEnd();
    },
  };
}
