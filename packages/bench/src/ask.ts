import type { Dispatcher } from 'undici';
import type { Surface } from './surfaces.ts';

/** One request as a client sees it. */
export interface Answered {
  /** Id of the request. */
  readonly rid: string;
  /** Time at which it was sent, in ms of `performance.now()`. */
  readonly askedAt: number;
  /** Time to the first token; undefined for whole answers, and if the token does not begin a piece of text. */
  readonly firstTokenMs: number | undefined;
  /** Time to the last token; undefined as with the first one: a gateway that merges tokens hides when the last one came. */
  readonly lastTokenMs: number | undefined;
  readonly totalMs: number;
  readonly tokens: number;
}

export interface Question {
  readonly surface: Surface;
  /** Base URL, as in `http://127.0.0.1:8080/v1`. */
  readonly url: string;
  readonly apiKey: string;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly model: string;
  readonly stream: boolean;
  readonly promptBytes: number;
  /** Id of the request: the simulator's tokens are `RID.0 RID.1 …`. */
  readonly rid: string;
  readonly tokens: number;
}

/** An answer's bytes as they came. */
interface Received {
  readonly status: number;
  readonly pieces: readonly Buffer[];
  /** Time of arrival of each piece. */
  readonly arrivedAt: readonly number[];
}

/**
 * Sends one request and checks every token: a lost token, a repeated one or one of another request is an error.
 *
 * @throws Error for an incomplete or wrong answer
 */
export async function ask(dispatcher: Dispatcher, question: Question): Promise<Answered> {
  const { surface, stream, rid, tokens } = question;
  const askedAt = performance.now();
  const received = await send(dispatcher, question);
  const totalMs = performance.now() - askedAt;
  const text = Buffer.concat(received.pieces).toString('latin1');
  if (received.status !== 200) throw new Error(`status ${received.status}: ${text.slice(0, 200)}`);
  if (stream && !text.endsWith(surface.streamEnd)) throw new Error('a stream without its end');
  checkTokens(text, question);
  const arrivalOf = (token: number): number | undefined => {
    const arrivedAt = stream ? arrivalAt(received, text.indexOf(`"${rid}.${token} `)) : undefined;
    return arrivedAt === undefined ? undefined : arrivedAt - askedAt;
  };
  return { rid, askedAt, firstTokenMs: arrivalOf(0), lastTokenMs: arrivalOf(tokens - 1), totalMs, tokens };
}

/**
 * Collects the answer piece by piece and leaves it unread until its end, so that the client's own work delays no token of
 * another request.
 */
async function send(dispatcher: Dispatcher, question: Question): Promise<Received> {
  const { surface, url, apiKey, headers, model, stream, rid, promptBytes } = question;
  const { origin, pathname } = new URL(url + surface.path);
  const content = `rid=${rid} ${'x'.repeat(promptBytes)}`;
  const { promise, resolve, reject } = Promise.withResolvers<Received>();
  const pieces: Buffer[] = [];
  const arrivedAt: number[] = [];
  let status = 0;
  dispatcher.dispatch(
    {
      origin,
      path: pathname,
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}`, ...headers },
      body: JSON.stringify(surface.body({ model, stream, content })),
    },
    {
      onRequestStart() {},
      onResponseStart: (_controller, statusCode) => void (status = statusCode),
      onResponseData(_controller, piece) {
        pieces.push(piece);
        arrivedAt.push(performance.now());
      },
      onResponseEnd: () => resolve({ status, pieces, arrivedAt }),
      onResponseError: (_controller, error) => reject(error),
    },
  );
  return await promise;
}

/** Returns the time of arrival of the byte at an offset, undefined for a negative one; one character of the text is one byte. */
function arrivalAt({ pieces, arrivedAt }: Received, offset: number): number | undefined {
  if (offset < 0) return undefined;
  let end = 0;
  const piece = pieces.findIndex(({ length }) => (end += length) > offset);
  return arrivedAt[piece];
}

function checkTokens(text: string, { surface, rid, tokens }: Question): void {
  const said = [...text.matchAll(surface.textPattern)].map(([, token = '']) => token).join('');
  const expected = Array.from({ length: tokens }, (_, seq) => `${rid}.${seq} `).join('');
  if (said !== expected) throw new Error('an answer with other tokens than were asked for');
}
