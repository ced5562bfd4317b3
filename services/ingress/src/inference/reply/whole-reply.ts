import type { Reply, ReplyNeeds } from './reply.ts';

/** Sends the unchanged answer of the provider once it is complete. Until then every error is an HTTP error. */
export function createWholeReply({ response, setHeaders }: Pick<ReplyNeeds, 'response' | 'setHeaders'>): Reply {
  let text = '';
  return {
    onData(piece) {
      text += piece;
    },
    onEnd() {
      setHeaders();
      response.writeHead(200, {
        'content-type': 'application/json; charset=utf-8',
        'content-length': Buffer.byteLength(text),
      });
      response.end(text);
    },
    onError: () => false,
    close: () => undefined,
  };
}
