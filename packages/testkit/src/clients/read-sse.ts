import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { parseSse, type SseContent } from './parse-sse.ts';

/** A request as it shall go out. */
export interface SseRequest {
  /** Default: POST with a body, else GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * State of an answer. `whole`: it ended where the protocol says that it ends. `broken`: the connection was cut before.
 * `left`: we hung up.
 */
export type SseEnd = 'open' | 'whole' | 'broken' | 'left';

/** An answer whose every byte can be seen. What is said of its text is said of what has been read so far. */
export interface SseAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turns, as they came. */
  readonly rawHeaders: readonly string[];
  readonly end: SseEnd;
  readonly bytes: Buffer;
  readonly text: string;
  /** Its text as a stream of events. */
  readonly content: SseContent;
  /**
   * Pieces of text as they arrive; characters stay whole. Nothing is read that is not asked for, so a test is as slow a
   * reader as it likes. Ends, without an error, when the answer does, however that is. Breaking off leaves the connection
   * open; another loop goes on where the last stopped.
   */
  pieces(): AsyncGenerator<string, void, undefined>;
  /** Reads the rest and resolves with how it ended. */
  finish(): Promise<SseEnd>;
  /** Hangs up; resolves when the connection is closed. */
  leave(): Promise<void>;
}

/**
 * Sends a request on a connection of its own and resolves when the head of the answer is there.
 * @throws the system's error (`ECONNREFUSED`, `ECONNRESET`, …) when no head comes.
 */
export async function readSse(url: string, { method, headers = {}, body }: SseRequest = {}): Promise<SseAnswer> {
  // Kept alive, because without that Node would ask the server to close the connection.
  const agent = new Agent({ keepAlive: true });
  const outgoing = request(url, { agent, method: method ?? (body === undefined ? 'GET' : 'POST'), headers });
  // Said again of a connection that breaks later, which `end` tells.
  outgoing.on('error', () => undefined);
  outgoing.end(body);
  try {
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    response.once('close', () => agent.destroy());
    return toAnswer(response);
  } catch (error) {
    agent.destroy();
    throw error;
  }
}

function toAnswer(response: IncomingMessage): SseAnswer {
  const chunks: Buffer[] = [];
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const source = response.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
  let text = '';
  let end: SseEnd = 'open';
  // A cut while nobody reads is told by `end`, and must not end the test process.
  response.on('error', () => undefined);

  async function* pieces(): AsyncGenerator<string, void, undefined> {
    while (end === 'open') {
      const next = await source.next().catch(() => undefined);
      const isOver = next === undefined || next.done === true;
      if (!isOver) chunks.push(next.value);
      const piece = isOver ? decoder.decode() : decoder.decode(next.value, { stream: true });
      text += piece;
      if (isOver && end === 'open') end = response.complete ? 'whole' : 'broken';
      if (piece !== '') yield piece;
    }
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    get end() {
      return end;
    },
    get bytes() {
      return Buffer.concat(chunks);
    },
    get text() {
      return text;
    },
    get content() {
      return parseSse(text);
    },
    pieces,
    async finish() {
      const rest = pieces();
      while ((await rest.next()).done !== true);
      return end;
    },
    async leave() {
      if (end === 'open') end = 'left';
      if (response.closed) return;
      const closed = once(response, 'close');
      response.destroy();
      await closed;
    },
  };
}
