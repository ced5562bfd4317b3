import type { UpstreamRequest } from '@sluice/protocol';
import { Agent } from 'undici';
import type { CallListener } from './call-listener.ts';
import { createDestinations } from './destination.ts';
import { dispatch, type DispatchNeeds } from './exchange.ts';
import { createConnector, type TlsTexts } from './network/connector.ts';
import type { ProxyOf } from './network/proxy-connector.ts';
import { countPools, type PoolCount } from './pool-count.ts';

/** Makes calls to upstreams over one pool of connections per origin. */
export interface UpstreamClient {
  /**
   * Starts a call; never throws. Exactly one of `onEnd` and `onFailure` follows, in a later turn, unless the call is
   * aborted first.
   *
   * @param signal aborts the call; with an already aborted signal the call does not start
   */
  call(request: UpstreamRequest, listener: CallListener, signal?: AbortSignal): Call;
  /** Makes a call and ignores its answer. */
  tell(request: UpstreamRequest): void;
  /** Returns the current state of the connections. */
  pool(): PoolCount;
  /** Ends all calls, after the calls of `tell` have ended. */
  close(): Promise<void>;
}

/** A running call. */
export interface Call {
  /** Closes the upstream's socket at once; the listener is not called again. */
  abort(): void;
  /** Stops reading, so that TCP slows the upstream down. */
  pause(): void;
  resume(): void;
}

export interface UpstreamClientSettings {
  readonly connectTimeoutMs: number;
  /** Time for which an idle connection is kept. */
  readonly keepAliveMs: number;
  /**
   * Maximum number of connections to one origin; default: as many as there are calls. Calls whose kept connection was
   * closed get a further connection.
   */
  readonly maxConnections?: number | undefined;
  /** Time limit of a call whose answer is ignored. Default: 10 s. */
  readonly tellMs?: number;
  /** Time limit from the head of an error to the end of its body; the part received by then counts. Default: 2 s. */
  readonly errorBodyMs?: number;
  /** TLS settings. Default: the system's authorities, and no client certificate. */
  readonly tls?: TlsTexts | undefined;
  /** Selects the proxy of a URL. Default: all calls are direct. */
  readonly proxyOf?: ProxyOf | undefined;
  /** Headers of every call, which override those of the request; names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Origin for `tls` and `headers`: other hosts never get them. Default: they apply to all origins. */
  readonly origin?: string | undefined;
  /** Called with an error that a listener threw. Default: the error is dropped. */
  readonly onThrow?: (error: unknown) => void;
}

/** Maximum size of the head of an answer, and of the interim heads before it. */
const maxHeadBytes = 64 * 1024;

export function createUpstreamClient(settings: UpstreamClientSettings): UpstreamClient {
  const { connectTimeoutMs, keepAliveMs, maxConnections, tellMs = 10_000, tls = {}, headers = {} } = settings;
  const { origin, proxyOf = (): undefined => undefined } = settings;
  const connector = createConnector({ connectTimeoutMs, maxHeadBytes, tls, origin, proxyOf });
  const createAgent = (): Agent =>
    new Agent({
      connect: connector.connect,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeadBytes,
      ...(maxConnections === undefined ? {} : { connections: maxConnections }),
      // The worker has separate timers for first token, gap and deadline; undici's timers would cut what those allow.
      headersTimeout: 0,
      bodyTimeout: 0,
      allowH2: false,
    });
  const needs: DispatchNeeds = {
    kept: createAgent(),
    fresh: createAgent(),
    connector,
    destinationOf: createDestinations((text) => {
      const url = new URL(text);
      return {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        ownHeaders: origin === undefined || url.origin === origin ? headers : {},
        forwarder: url.protocol === 'http:' ? proxyOf(url) : undefined,
      };
    }),
    errorBodyMs: settings.errorBodyMs ?? 2000,
    onThrow: settings.onThrow ?? ((): void => undefined),
  };
  const told = new Set<Promise<void>>();
  return {
    call(request, listener, signal) {
      if (signal === undefined) return dispatch(needs, request, { listener });
      if (signal.aborted) return neverBegun;
      const abort = (): void => call.abort();
      const onOver = (): void => signal.removeEventListener('abort', abort);
      const call = dispatch(needs, request, { listener, onOver });
      signal.addEventListener('abort', abort);
      return call;
    },
    tell(request) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const call = dispatch(needs, request, {
        listener: { onHead: nothing, onText: nothing, onEnd: resolve, onFailure: () => resolve() },
      });
      // Without this limit, an upstream that does not answer would keep the socket forever.
      const timer = setTimeout(() => {
        call.abort();
        resolve();
      }, tellMs).unref();
      told.add(promise);
      void promise.then(() => {
        clearTimeout(timer);
        told.delete(promise);
      });
    },
    pool: () => countPools([needs.kept, needs.fresh]),
    async close() {
      await Promise.all(told);
      await Promise.all([needs.kept.destroy(), needs.fresh.destroy()]);
    },
  };
}

const nothing = (): undefined => undefined;

const neverBegun: Call = { abort: nothing, pause: nothing, resume: nothing };
