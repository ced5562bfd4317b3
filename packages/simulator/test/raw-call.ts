import { connect, type Socket } from 'node:net';
import type { Simulator } from '../src/index.ts';
import { createAnswerReader, type RawAnswer } from './raw-answer.ts';

/** A call on a separate connection, including how the connection ended. */
export interface RawCall {
  /** Returns the part of the answer that has arrived. */
  readonly answer: () => RawAnswer;
  /** Resolves when the answer is complete, and then closes the connection, or when the connection has ended. */
  readonly finish: () => Promise<RawAnswer & { readonly end: ConnectionEnd }>;
  readonly leave: () => void;
  readonly socket: Socket;
}

/** End of a connection: by the peer's FIN or RST, or by the client. */
export type ConnectionEnd = 'fin' | 'rst' | 'left';

/** Parts of a request beyond the model. */
export interface RawRequest {
  /** Fields of the body; default: streamed, one user message. */
  readonly body?: Readonly<Record<string, unknown>>;
  /** Default: the key `tok-a`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a chat completion request over a socket and reads the received bytes. */
export function callRaw({ port }: Simulator, model: string, { body, headers }: RawRequest = {}): RawCall {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  const reader = createAnswerReader();
  let end: ConnectionEnd = 'left';
  const text = JSON.stringify({ model, stream: true, messages: [{ role: 'user', content: 'hello' }], ...body });
  const allHeaders = {
    host: 'simulator',
    'content-length': Buffer.byteLength(text),
    ...(headers ?? { authorization: 'Bearer tok-a' }),
  };
  const lines = Object.entries(allHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\n${lines.join('')}\r\n${text}`);
  const finished = new Promise<void>((resolve) => {
    socket.on('data', (bytes) => {
      reader.push(bytes);
      if (reader.isComplete()) resolve();
    });
    socket.on('end', () => (end = 'fin'));
    socket.on('error', () => (end = 'rst'));
    socket.on('close', () => resolve());
  });
  return {
    socket,
    answer: () => reader.answer(),
    leave: () => socket.destroy(),
    async finish() {
      await finished;
      socket.destroy();
      return { ...reader.answer(), end };
    },
  };
}
