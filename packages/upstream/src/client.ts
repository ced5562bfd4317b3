import type { ResponseHead, UpstreamRequest } from '@sluice/protocol';
import { Agent, type Dispatcher } from 'undici';
import { Answer, type Wire } from './answer.ts';
import type { CallListener } from './call-listener.ts';
import { type Connection, type Connector, createConnector, type TlsTexts } from './network/connector.ts';
import { isBrokenConnection } from './network/network-failure.ts';
import type { OutboundProxy, ProxyOf } from './network/proxy-connector.ts';
import { problemOfForwarded, ProxyError } from './network/proxy-failure.ts';
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

interface DispatchNeeds {
  /** Keeps connections for further calls. */
  readonly kept: Agent;
  /** Opens a connection for each call. */
  readonly fresh: Agent;
  readonly connector: Connector;
  readonly destinationOf: (url: string) => Destination;
  readonly errorBodyMs: number;
  readonly onThrow: (error: unknown) => void;
}

/** The parts of a URL that a call needs, and what is set for its origin. */
interface Destination {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly ownHeaders: Readonly<Record<string, string>>;
  /** Proxy that forwards the call, unless the call uses a tunnel. */
  readonly forwarder: OutboundProxy | undefined;
}

/** Number of URLs that are remembered; an upstream has one for each operation, some one for each model. */
const mostDestinations = 100;

/** Remembers destinations: to parse the same URL for each call takes longer than all headers do. */
function createDestinations(parse: (url: string) => Destination): (url: string) => Destination {
  const known = new Map<string, Destination>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    const destination = parse(url);
    if (known.size >= mostDestinations) known.clear();
    known.set(url, destination);
    return destination;
  };
}

/** One call on its way: the handler for undici, and the wire of its answer. */
class Exchange implements Dispatcher.DispatchHandler, Wire {
  readonly answer: Answer;
  private readonly needs: DispatchNeeds;
  private readonly request: UpstreamRequest;
  private controller: Dispatcher.DispatchController | undefined;
  private connection: Connection | undefined;
  /** Proxy that forwards the call, unless the call uses a tunnel. */
  private forwarder: OutboundProxy | undefined;
  private isFresh = false;
  /** Pieces of the body from one read of the socket: a stream often has a dozen, and the answer takes them as one. */
  private pieces: Uint8Array[] = [];

  constructor(needs: DispatchNeeds, request: UpstreamRequest, { listener, onOver }: Caller) {
    const { errorBodyMs, onThrow } = needs;
    this.needs = needs;
    this.request = request;
    this.answer = new Answer({ listener, wire: this, errorBodyMs, onThrow, onOver });
  }

  send(): void {
    const { needs, isFresh } = this;
    try {
      const destination = needs.destinationOf(this.request.url);
      this.forwarder = destination.forwarder;
      const agent = isFresh ? needs.fresh : needs.kept;
      agent.dispatch(toDispatchOptions(this.request, destination, isFresh), this);
    } catch (error) {
      this.breakLater(error);
    }
  }

  pauseWire(): void {
    this.controller?.pause();
  }

  resumeWire(): void {
    this.controller?.resume();
  }

  abortWire(): void {
    this.controller?.abort(new Error('the answer is no longer needed'));
  }

  onRequestStart(started: Dispatcher.DispatchController): void {
    this.controller = started;
    if (this.answer.isOver) return started.abort(new Error('aborted'));
    this.needs.connector.announce(this);
  }

  /** Called with the connection that carries the request. */
  onWrite(carrier: Connection): void {
    this.connection = carrier;
    carrier.reader = this;
  }

  onResponseStart(started: Dispatcher.DispatchController, status: number, headers: GivenHeaders): void {
    const problem = this.forwarder && problemOfForwarded(status, headers);
    if (problem !== undefined) started.abort(new ProxyError(problem, { status }));
    else if (status >= 200) this.answer.head(status, flatten(headers));
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.pieces.push(chunk);
  }

  /** Undici has parsed everything that it read from the socket. */
  onParsed(): void {
    const { pieces } = this;
    const [first] = pieces;
    if (first === undefined) return;
    const read = pieces.length === 1 ? first : Buffer.concat(pieces);
    this.pieces = [];
    this.answer.bytes(read);
  }

  onResponseEnd(): void {
    this.onParsed();
    // An idle connection must not keep this call in memory.
    if (this.connection !== undefined) this.connection.reader = undefined;
    this.answer.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const { answer, connection } = this;
    this.onParsed();
    // Decision: docs/decisions/2026-11-30-closed-connections.md
    const isStale = connection !== undefined && connection.requests > 1 && !connection.isHeard;
    const isBroken = isBrokenConnection(error);
    if (isBroken && connection?.tlsError !== undefined) return this.breakLater(connection.tlsError);
    if (this.isFresh || !isStale || answer.isOver || !isBroken) return this.breakLater(error);
    answer.resend();
    if (answer.isOver) return;
    this.isFresh = true;
    this.send();
  }

  /** Defers the failure: some calls fail at once, before their caller has the `Call` object. */
  private breakLater(error: unknown): void {
    queueMicrotask(() => this.answer.break(error));
  }
}

interface Caller {
  readonly listener: CallListener;
  readonly onOver?: () => void;
}

function dispatch(needs: DispatchNeeds, request: UpstreamRequest, caller: Caller): Call {
  const exchange = new Exchange(needs, request, caller);
  exchange.send();
  return exchange.answer;
}

function toDispatchOptions(
  { method, headers, body }: UpstreamRequest,
  { origin, path, ownHeaders, forwarder }: Destination,
  isLast: boolean,
) {
  const authorization = forwarder?.authorization?.reveal();
  const sent = withOwn(headers, ownHeaders);
  const options = {
    origin,
    // A forwarding proxy needs the full URL.
    path: forwarder === undefined ? path : `${origin}${path}`,
    method,
    headers: authorization === undefined ? sent : { ...sent, 'proxy-authorization': authorization },
    // Bytes instead of a string: for a long text, Node's own conversion at write time is several times slower.
    body: body === undefined ? null : Buffer.from(body),
  } satisfies Dispatcher.DispatchOptions;
  return isLast ? { ...options, reset: true } : options;
}

function withOwn(
  headers: UpstreamRequest['headers'],
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = Object.keys(own);
  if (names.length === 0) return headers;
  const others = Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase()));
  return { ...Object.fromEntries(others), ...own };
}

type GivenHeaders = Readonly<Record<string, string | string[] | undefined>>;

function flatten(headers: GivenHeaders): ResponseHead['headers'] {
  if (isFlat(headers)) return headers;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}

/** Returns whether every header has one value, as nearly all heads have it. */
function isFlat(headers: GivenHeaders): headers is ResponseHead['headers'] {
  for (const name of Object.keys(headers)) if (Array.isArray(headers[name])) return false;
  return true;
}
