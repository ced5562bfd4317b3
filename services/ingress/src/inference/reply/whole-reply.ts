import type { AnswerForms } from './answer-form.ts';
import type { Reply, ReplyNeeds } from './reply.ts';

/**
 * Sends the answer once it is complete. Until then every error is an HTTP error.
 *
 * @param translate gives the worker's answer the form of the surface; without it the client gets the worker's text
 */
export function createWholeReply(
  { response, setHeaders }: Pick<ReplyNeeds, 'response' | 'setHeaders'>,
  translate: AnswerForms['whole'] = (text) => text,
): Reply {
  let answer = '';
  let isNative = false;
  return {
    onAnswered: ({ native }) => void (isNative = native === true),
    onData(piece) {
      answer += piece;
    },
    onEnd() {
      const text = translate(answer, isNative);
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
