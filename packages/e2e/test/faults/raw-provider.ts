import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterFile } from '@sluice/testkit';
import { tokensOf } from '../traffic.ts';

/** A call as a provider of any type receives it. */
export interface RawCall {
  readonly model: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly isStream: boolean;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/** An answer as it is sent, byte for byte. */
export interface RawAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `application/json`. */
  readonly type?: string;
  readonly body: string;
}

export interface RawProvider {
  /** Base URL, without a path. */
  readonly url: string;
  /** All calls so far, in their order. */
  readonly calls: readonly RawCall[];
  /** Number of calls whose connection still waits for the end of its answer. */
  open(): number;
}

/** A provider with arbitrary answers, for cases that the simulator is too well-behaved for. */
export async function startRawProvider(answerTo: (call: RawCall) => RawAnswer): Promise<RawProvider> {
  const calls: RawCall[] = [];
  let open = 0;
  const server = createServer((request, response) => {
    open += 1;
    response.once('close', () => (open -= 1));
    let body = '';
    request.setEncoding('utf8').on('data', (piece) => (body += String(piece)));
    request.once('end', () => {
      const { url: path = '', headers } = request;
      const call = { path, headers, body, ...readQuestion(path, body), at: performance.now() };
      calls.push(call);
      const answer = answerTo(call);
      response.writeHead(answer.status ?? 200, {
        'content-type': answer.type ?? 'application/json',
        ...answer.headers,
      });
      response.end(answer.body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, open: () => open };
}

/** Returns model and kind of answer of a call: Gemini has them in its path, all others in the body. */
function readQuestion(path: string, body: string): Pick<RawCall, 'model' | 'isStream'> {
  const [, geminis, method] = /\/models\/([^:]+):(\w+)/.exec(path) ?? [];
  if (geminis !== undefined) return { model: geminis, isStream: method === 'streamGenerateContent' };
  const { model = '', stream = false } = JSON.parse(body) as { readonly model?: string; readonly stream?: boolean };
  return { model, isStream: stream };
}

/** Returns the answer of OpenAI's API to `rid=…`: the tokens that a scene expects, as many as the model names. */
export function tokensAnswer({ model, body, isStream }: RawCall): RawAnswer {
  const rid = /rid=(r\d+x)/.exec(body)?.[1] ?? '';
  const text = tokensOf(rid, Number(/-t(\d+)$/.exec(model)?.[1] ?? 1));
  const base = { id: 'chatcmpl-1', created: 1, model };
  if (!isStream) {
    const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
    return { body: JSON.stringify({ ...base, object: 'chat.completion', choices: [choice] }) };
  }
  const chunk = (delta: object, finish_reason: string | null): string =>
    JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
  return sse([chunk({ role: 'assistant', content: text }, null), chunk({}, 'stop'), '[DONE]']);
}

export const sse = (events: readonly string[]): RawAnswer => ({
  type: 'text/event-stream',
  body: events.map((data) => `data: ${data}\n\n`).join(''),
});
