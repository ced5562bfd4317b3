import { isIPv6, type Socket } from 'node:net';
import { buildConnector } from 'undici';
import { problemOfStatus, ProxyError } from './proxy-failure.ts';

/** A proxy for outgoing calls. */
export interface OutboundProxy {
  /** Scheme, host and port: `http://proxy.example:3128`. */
  readonly url: string;
  /** Value of `proxy-authorization`. */
  readonly authorization?: { reveal(): string } | undefined;
}

/** Returns the proxy for a URL; undefined = direct. */
export type ProxyOf = (url: URL) => OutboundProxy | undefined;

export interface ProxyConnector {
  /** Opens a connection to the proxy itself, for requests that it forwards. */
  open(proxy: OutboundProxy, callback: buildConnector.Callback): void;
  /**
   * Opens a tunnel through the proxy.
   *
   * @param host a name, or an address without brackets
   */
  tunnel(through: Tunnel, callback: buildConnector.Callback): void;
}

export interface Tunnel {
  readonly proxy: OutboundProxy;
  readonly host: string;
  readonly port: number;
  /** Deadline on the clock of `performance.now()`. */
  readonly deadline: number;
}

/** Maximum size of a proxy's answer to CONNECT. */
const maxHeadBytes = 16 * 1024;

/**
 * Opens connections to proxies. Each of its failures is a {@link ProxyError}, so that it is not blamed on the provider.
 */
export function createProxyConnector(connectTimeoutMs: number): ProxyConnector {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });

  function open({ url }: OutboundProxy, callback: buildConnector.Callback): void {
    const { hostname, host, protocol, port } = new URL(url);
    connect({ hostname: hostname.replace(/^\[|\]$/g, ''), host, protocol, port }, (...result) => {
      if (result[0] === null) callback(...result);
      else callback(new ProxyError(problemOf(result[0]), { cause: result[0] }), null);
    });
  }

  return {
    open,
    tunnel({ proxy, host, port, deadline }, callback) {
      open(proxy, (...result) => {
        if (result[0] !== null) return callback(...result);
        const [, socket] = result;
        const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
        askForTunnel(socket, { authority, proxy, timeoutMs: Math.max(0, deadline - performance.now()) }, (error) => {
          if (error === undefined) return callback(null, socket);
          socket.destroy();
          return callback(error, null);
        });
      });
    },
  };
}

/** Classifies an error of the connection to a proxy, whose certificate is checked like a provider's. */
function problemOf(error: Error): 'proxy_timeout' | 'proxy_certificate' | 'proxy_unreachable' {
  const code = 'code' in error ? String(error.code) : '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') return 'proxy_timeout';
  return /CERT|SIGNATURE|ERR_SSL|ERR_TLS|EPROTO/.test(code) ? 'proxy_certificate' : 'proxy_unreachable';
}

interface TunnelRequest {
  readonly authority: string;
  readonly proxy: OutboundProxy;
  readonly timeoutMs: number;
}

function askForTunnel(
  socket: Socket,
  { authority, proxy, timeoutMs }: TunnelRequest,
  callback: (error: ProxyError | undefined) => void,
): void {
  let head = Buffer.alloc(0);
  const timer = setTimeout(() => finish(new ProxyError('proxy_timeout')), timeoutMs);

  function finish(error?: ProxyError): void {
    clearTimeout(timer);
    socket.off('readable', onReadable).off('end', onGone).off('close', onGone).off('error', onGone);
    callback(error);
  }

  function onGone(cause?: unknown): void {
    finish(new ProxyError('proxy_unreachable', { cause }));
  }

  function onReadable(): void {
    for (;;) {
      const piece: unknown = socket.read();
      if (!Buffer.isBuffer(piece)) return;
      head = Buffer.concat([head, piece]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0 && head.length <= maxHeadBytes && couldBeHttp(head)) continue;
      const [, status] = end < 0 ? [] : (/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1')) ?? []);
      if (status === undefined) return finish(new ProxyError('proxy_malformed'));
      const problem = problemOfStatus(Number(status));
      if (problem !== undefined) return finish(new ProxyError(problem, { status: Number(status) }));
      const rest = head.subarray(end + 4);
      if (rest.length > 0) socket.unshift(rest);
      return finish();
    }
  }

  socket.on('readable', onReadable).on('end', onGone).on('close', onGone).on('error', onGone);
  const authorization = proxy.authorization?.reveal();
  const lines = [
    `CONNECT ${authority} HTTP/1.1`,
    `host: ${authority}`,
    ...(authorization === undefined ? [] : [`proxy-authorization: ${authorization}`]),
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
}

const beginning = 'HTTP/1.';
const couldBeHttp = (head: Buffer): boolean =>
  beginning.startsWith(head.subarray(0, beginning.length).toString('latin1'));
