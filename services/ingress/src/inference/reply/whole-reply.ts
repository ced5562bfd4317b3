import type { AnswerForms } from './answer-form.ts';
import type { Reply, ReplyNeeds } from './reply.ts';

/**
 * Sends the answer once it is complete. Until then every error is an HTTP error.
 *
 * @param translate gives the worker's answer the form of the surface; without it the client gets the worker's text
 * @param settled the end of the answer waits for it
 */
export function createWholeReply(
  { response, setHeaders, kept }: Pick<ReplyNeeds, 'response' | 'setHeaders' | 'kept'>,
  translate: AnswerForms['whole'] = (text) => text,
  settled?: AnswerForms['settled'],
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
      if (settled === undefined) return void response.end(text);
      void settled().then(() => {
        if (!response.destroyed) response.end(text);
      });
    },
    onError: () => false,
    close: () => undefined,
  };
}
