import type { Reply, ReplyNeeds } from './reply.ts';

/** Sends the provider's answer as it came, once it is complete. Until then every error is a real HTTP error. */
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
