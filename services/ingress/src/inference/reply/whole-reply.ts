import type { Reply, ReplyNeeds } from './reply.ts';

/**
 * Sends the answer once it is complete. Until then every error is an HTTP error.
 *
 * @param translate gives the worker's answer the form of the surface; without it the client gets the worker's text
 */
export function createWholeReply(
  { response, setHeaders }: Pick<ReplyNeeds, 'response' | 'setHeaders'>,
  translate: (text: string) => string = (text) => text,
): Reply {
  let answer = '';
  return {
    onData(piece) {
      answer += piece;
    },
    onEnd() {
      const text = translate(answer);
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
