import type { Dispatcher } from 'undici';

/** One request as a client sees it. */
export interface Answered {
  /** To the first token; undefined for whole answers. */
  readonly firstTokenMs: number | undefined;
  readonly totalMs: number;
  readonly tokens: number;
}

export interface Question {
  /** As in `http://127.0.0.1:8080/v1`. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  readonly stream: boolean;
  readonly promptBytes: number;
  /** Names the request: the simulator's tokens are `RID.0 RID.1 …`. */
  readonly rid: string;
  readonly tokens: number;
}

/**
 * Asks once, and looks at every token: one that is lost, doubled or another request's is an error.
 *
 * @throws Error for any answer that is not whole
 */
export async function ask(dispatcher: Dispatcher, question: Question): Promise<Answered> {
  const { url, apiKey, model, stream, rid, promptBytes } = question;
  const content = `rid=${rid} ${'x'.repeat(promptBytes)}`;
  const { origin, pathname } = new URL(`${url}/chat/completions`);
  const askedAt = performance.now();
  const response = await dispatcher.request({
    origin,
    path: pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
  });
  let firstTokenMs: number | undefined;
  let text = '';
  for await (const piece of response.body.setEncoding('utf8') as AsyncIterable<string>) {
    text += piece;
    if (stream && firstTokenMs === undefined && text.includes(`"${rid}.0 `)) firstTokenMs = performance.now() - askedAt;
  }
  if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`);
  if (stream && !text.endsWith('data: [DONE]\n\n')) throw new Error('a stream without its end');
  checkTokens(text, question);
  return { firstTokenMs, totalMs: performance.now() - askedAt, tokens: question.tokens };
}

function checkTokens(text: string, { rid, tokens }: Question): void {
  const said = [...text.matchAll(/"content":"([^"]+)"/g)].map(([, token = '']) => token).join('');
  const expected = Array.from({ length: tokens }, (_, seq) => `${rid}.${seq} `).join('');
  if (said !== expected) throw new Error('an answer with other tokens than were asked for');
}
