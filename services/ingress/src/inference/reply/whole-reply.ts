import type { AnswerForms } from './answer-form.ts';
import type { Reply, ReplyNeeds } from './reply.ts';

/**
 * Sends the answer once it is complete. Until then every error is an HTTP error.
 *
 * @param translate gives the worker's answer the form of the surface; without it the client gets the worker's text
 */
export function createWholeReply(
  { response, setHeaders, kept }: Pick<ReplyNeeds, 'response' | 'setHeaders' | 'kept'>,
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
      const headers = {
        'content-type': 'application/json; charset=utf-8',
        'content-length': String(Buffer.byteLength(text)),
      };
      response.writeHead(200, headers);
      kept?.writer.end(text, { count: 1, state: 'ended', head: JSON.stringify({ headers }) });
      response.end(text);
    },
    onError: () => false,
    close: () => undefined,
  };
}
