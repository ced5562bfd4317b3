import type { Socket } from 'node:net';
import { buildConnector, errors } from 'undici';
import { createInterimFilter } from './interim-filter.ts';

/** State of one connection to a provider. */
export interface Connection {
  /** Requests that were sent over it. */
  readonly requests: number;
  /** True once the provider has sent a byte after the last request. */
  readonly isHeard: boolean;
}

export interface Connector {
  readonly connect: buildConnector.connector;
  /** The next request that is written belongs to this call: tells it which connection carries it. */
  announce(onWrite: (connection: Connection) => void): void;
}

export interface ConnectorSettings {
  readonly connectTimeoutMs: number;
  /** The most that the heads of one answer may have. */
  readonly maxHeadBytes: number;
  /** Certificates to trust instead of the system's, as PEM. */
  readonly ca?: string | undefined;
}

/** Opens connections that skip interim answers, and that know whether they have been used before. */
export function createConnector({ connectTimeoutMs, maxHeadBytes, ca }: ConnectorSettings): Connector {
  const open = buildConnector({
    timeout: connectTimeoutMs,
    // A broken HTTP/2 session breaks every stream on it; one socket a stream breaks alone.
    allowH2: false,
    ...(ca === undefined ? {} : { ca }),
  });
  let announced: ((connection: Connection) => void) | undefined;

  function watch(socket: Socket): void {
    const filter = createInterimFilter(maxHeadBytes);
    const connection = { requests: 0, isHeard: false };
    const read = socket.read.bind(socket);
    const { write } = socket;

    // Between `onRequestStart` and this write undici does nothing else, so what was announced last is written now. The
    // body is a second write of the same turn, which is not announced.
    overwrite(socket, 'write', (...args: unknown[]): unknown => {
      if (announced !== undefined) {
        connection.requests++;
        connection.isHeard = false;
        filter.expectAnswer();
        announced(connection);
        announced = undefined;
      }
      return Reflect.apply(write, socket, args);
    });

    overwrite(socket, 'read', (size?: number): unknown => {
      if (size !== undefined) return read(size);
      for (;;) {
        const piece: unknown = read();
        if (!Buffer.isBuffer(piece)) return piece;
        connection.isHeard = true;
        const rest = filter.take(piece);
        if (rest !== undefined) return rest;
        if (filter.hasOverflowed) {
          socket.destroy(new errors.HeadersOverflowError());
          return null;
        }
      }
    });
  }

  return {
    connect(options, callback) {
      open(options, (...result) => {
        if (result[0] === null) watch(result[1]);
        callback(...result);
      });
    },
    announce(onWrite) {
      announced = onWrite;
    },
  };
}

function overwrite(socket: Socket, name: 'read' | 'write', value: (...args: never[]) => unknown): void {
  Object.defineProperty(socket, name, { value, configurable: true, writable: true });
}
