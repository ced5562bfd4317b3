import { toEnvelope } from '@sluice/protocol';
import type { BodyCopies } from '../../bodies/body-copies.ts';
import type { Reply } from './reply.ts';

/** Copies what a reply sends, if the bodies of its request are kept. */
export function withCopy(reply: Reply, copies: BodyCopies | undefined, stream: boolean): Reply {
  if (copies === undefined) return reply;
  return stream ? withStreamCopy(reply, copies) : withWholeCopy(reply, copies);
}

function withStreamCopy(reply: Reply, copies: BodyCopies): Reply {
  return {
    ...reply,
    onData(text) {
      reply.onData(text);
      copies.answered(text, true);
    },
    onError(error) {
      const isTold = reply.onError(error);
      if (isTold) copies.answered(`data: ${JSON.stringify(toEnvelope(error))}\n\n`, true);
      return isTold;
    },
  };
}

/** A whole answer is sent at its end or not at all; its error is copied where it is sent: `handle-error.ts`. */
function withWholeCopy(reply: Reply, copies: BodyCopies): Reply {
  let whole = '';
  return {
    ...reply,
    onData(text) {
      whole += text;
      reply.onData(text);
    },
    onEnd() {
      reply.onEnd();
      copies.answered(whole, false);
    },
  };
}
