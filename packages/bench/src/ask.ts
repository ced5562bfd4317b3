import type { Dispatcher } from 'undici';

/** One request as a client sees it. */
export interface Answered {
  /** Time to the first token; undefined for whole answers. */
  readonly firstTokenMs: number | undefined;
  readonly totalMs: number;
  readonly tokens: number;
}

export interface Question {
  /** Base URL, as in `http://127.0.0.1:8080/v1`. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  readonly stream: boolean;
  readonly promptBytes: number;
  /** Id of the request: the simulator's tokens are `RID.0 RID.1 …`. */
  readonly rid: string;
  readonly tokens: number;
}

/**
 * Sends one request and checks every token: a lost token, a repeated one or one of another request is an error.
 *
 * @throws Error for an incomplete or wrong answer
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
