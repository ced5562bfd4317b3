import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { parseSse, type SseContent } from './parse-sse.ts';

/** The request to send. */
export interface SseRequest {
  /** Default: POST with a body, else GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * State of an answer. `whole`: it ended as the protocol requires. `broken`: the connection was cut before that. `left`: the
 * test closed the connection.
 */
export type SseEnd = 'open' | 'whole' | 'broken' | 'left';

/** An answer with all its bytes. Its members describe the part that has been read so far. */
export interface SseAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
  readonly end: SseEnd;
  readonly bytes: Buffer;
  readonly text: string;
  /** The text, parsed as a stream of events. */
  readonly content: SseContent;
  /**
   * Yields pieces of text as they arrive, without splitting characters. Reads only on demand, so that a test can be a slow
   * reader. Ends without an error when the answer ends, even if that is broken. Leaving the loop keeps the connection open;
   * another loop continues where the last one stopped.
   */
  pieces(): AsyncGenerator<string, void, undefined>;
  /** Reads the rest and resolves with the final state. */
  finish(): Promise<SseEnd>;
  /** Closes the connection; resolves when it is closed. */
  leave(): Promise<void>;
}

/**
 * Sends a request on its own connection and resolves when the head of the answer has arrived.
 * @throws the system's error (`ECONNREFUSED`, `ECONNRESET`, …) when no head arrives.
 */
export async function readSse(url: string, { method, headers = {}, body }: SseRequest = {}): Promise<SseAnswer> {
  // Without keep-alive Node would ask the server to close the connection.
  const agent = new Agent({ keepAlive: true });
  const outgoing = request(url, { agent, method: method ?? (body === undefined ? 'GET' : 'POST'), headers });
  // Node emits it again when the connection breaks later; `end` shows that.
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
  // `end` shows a cut; the event must not end the test process while no loop reads.
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
