import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { buildConnector, errors } from 'undici';
import { createInterimFilter } from './interim-filter.ts';
import { createProxyConnector, type ProxyOf } from './proxy-connector.ts';

/** State of one connection to a provider. */
export interface Connection {
  /** Number of requests sent over it. */
  readonly requests: number;
  /** True once the provider has sent a byte after the last request. */
  readonly isHeard: boolean;
  /** TLS error that ended the connection: undici reports some of them only as "other side closed". */
  readonly tlsError: Error | undefined;
  /** Told when undici has parsed everything that it read from the socket, and before it reads more. */
  reader: { onParsed(): void } | undefined;
}

type Writable<Values> = { -readonly [Name in keyof Values]: Values[Name] };

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Announces that the next written request belongs to this call, which is told the connection that carries it. */
  announce(call: AnnouncedCall): void;
}

export interface AnnouncedCall {
  onWrite(connection: Connection): void;
}

export interface ConnectorSettings {
  readonly connectTimeoutMs: number;
  /** Maximum size of the heads of one answer. */
  readonly maxHeadBytes: number;
  readonly tls: TlsTexts;
  /** Origin for `tls`; undefined = all origins. */
  readonly origin?: string | undefined;
  readonly proxyOf: ProxyOf;
}

/** TLS settings as PEM texts. */
export interface TlsTexts {
  /** Authorities that are trusted instead of the system's. */
  readonly ca?: string | undefined;
  /** Client certificate of Sluice; its key follows. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/**
 * Opens connections that skip interim answers and record whether they have been used before, directly or through a
 * proxy. A proxied connection has the same properties: a tunnel carries the provider's own TLS, and plain HTTP is
 * forwarded request by request.
 */
export function createConnector(settings: ConnectorSettings): Connector {
  const { connectTimeoutMs, maxHeadBytes, tls, origin, proxyOf } = settings;
  // HTTP/1 only: a broken HTTP/2 session breaks all its streams, while a socket per stream breaks alone.
  const common = { timeout: connectTimeoutMs, allowH2: false };
  const openOwn = buildConnector({ ...common, ...givenOf(tls) });
  const openOther = buildConnector(common);
  const proxies = createProxyConnector(connectTimeoutMs);
  let announced: AnnouncedCall | undefined;

  function watch(socket: Socket): void {
    const filter = createInterimFilter(maxHeadBytes);
    const connection: Writable<Connection> = {
      requests: 0,
      isHeard: false,
      tlsError: undefined,
      reader: undefined,
    };
    // In TLS 1.3 a provider refuses the client certificate after the handshake: its alert and the end arrive together.
    if (socket instanceof TLSSocket) {
      socket.once('error', (error: Error) => {
        if (isOfTls(error)) connection.tlsError = error;
      });
    }
    const read = socket.read.bind(socket);
    const { write } = socket;

    // Between `onRequestStart` and this write undici does nothing else, so this write belongs to the latest
    // announcement. The body is a second write in the same turn, without an announcement.
    overwrite(socket, 'write', (...args: unknown[]): unknown => {
      if (announced !== undefined) {
        connection.requests++;
        connection.isHeard = false;
        filter.expectAnswer();
        announced.onWrite(connection);
        announced = undefined;
      }
      return Reflect.apply(write, socket, args);
    });

    overwrite(socket, 'read', (size?: number): unknown => {
      if (size !== undefined) return read(size);
      connection.reader?.onParsed();
      if (socket.destroyed) return null;
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
      const watched: buildConnector.Callback = (...result) => {
        if (result[0] === null) watch(result[1]);
        callback(...result);
      };
      const url = new URL(`${options.protocol}//${options.host ?? options.hostname}`);
      const open = origin === undefined || url.origin === origin ? openOwn : openOther;
      const proxy = proxyOf(url);
      if (proxy === undefined) return open(options, watched);
      if (options.protocol !== 'https:') return proxies.open(proxy, watched);
      const port = options.port === '' ? 443 : Number(options.port);
      // One limit for the proxy connection, the proxy's answer and TLS with the provider, as without a proxy.
      const deadline = performance.now() + connectTimeoutMs;
      return proxies.tunnel({ proxy, host: options.hostname, port, deadline }, (...result) => {
        if (result[0] !== null) return callback(...result);
        return openThrough(open, { ...options, httpSocket: result[1], deadline }, watched);
      });
    },
    announce(call) {
      announced = call;
    },
  };
}

/** Returns whether TLS itself failed: a connection that only broke may be stale, and its request is sent again. */
const isOfTls = (error: Error): boolean => 'code' in error && String(error.code).startsWith('ERR_SSL_');

type ThroughOptions = buildConnector.Options & {
  readonly httpSocket: Socket;
  /** Deadline on the clock of `performance.now()`. */
  readonly deadline: number;
};

/** Opens TLS with the provider through a tunnel and closes both together. */
export function openThrough(
  open: buildConnector.connector,
  { deadline, ...options }: ThroughOptions,
  callback: buildConnector.Callback,
): void {
  const { httpSocket } = options;
  let isOver = false;
  const timer = setTimeout(
    () => finish(new errors.ConnectTimeoutError('TLS through the tunnel timed out'), null),
    Math.max(0, deadline - performance.now()),
  );

  function finish(...result: Parameters<buildConnector.Callback>): void {
    // Closing a late tunnel ends TLS as well and calls this function again.
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    if (result[0] === null) result[1].once('close', () => httpSocket.destroy());
    else httpSocket.destroy();
    callback(...result);
  }

  open(options, finish);
}

/** Removes undefined values, which undici does not accept. */
const givenOf = ({ ca, cert, key }: TlsTexts): TlsGiven => ({
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
});

interface TlsGiven {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

function overwrite(socket: Socket, name: 'read' | 'write', value: (...args: never[]) => unknown): void {
  Object.defineProperty(socket, name, { value, configurable: true, writable: true });
}
