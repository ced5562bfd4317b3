import type { ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import { Agent, type Dispatcher } from 'undici';
import { toNetworkFailure } from './network-failure.ts';

/** Makes calls to upstreams over one pool of connections per origin. */
export interface UpstreamClient {
  /** Begins a call; never throws. Exactly one of `onEnd` and `onFailure` follows, unless the call is aborted first. */
  call(request: UpstreamRequest, listener: CallListener): Call;
  /** Makes a call whose answer matters to nobody. */
  tell(request: UpstreamRequest): void;
  /** Ends all calls, but lets be heard what was told before. */
  close(): Promise<void>;
}

export interface CallListener {
  onHead(head: ResponseHead): void;
  /** A piece of the body, whole characters only. */
  onText(text: string): void;
  onEnd(): void;
  onFailure(failure: UpstreamFailure): void;
}

/** A call under way. */
export interface Call {
  /** Closes the upstream's socket at once. Nothing more is heard of this call. */
  abort(): void;
  /** Stops reading, so that TCP holds the upstream back. */
  pause(): void;
  resume(): void;
}

export interface UpstreamClientSettings {
  readonly connectTimeoutMs: number;
  /** How long an idle connection is kept. */
  readonly keepAliveMs: number;
  /** To one origin at once; default: as many as there are calls. */
  readonly maxConnections?: number | undefined;
  /** How long a call may take whose answer matters to nobody. Default: 10 s. */
  readonly tellMs?: number;
}

export function createUpstreamClient(settings: UpstreamClientSettings): UpstreamClient {
  const { connectTimeoutMs, keepAliveMs, maxConnections, tellMs = 10_000 } = settings;
  const agent = new Agent({
    connectTimeout: connectTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    ...(maxConnections === undefined ? {} : { connections: maxConnections }),
    // The worker's own timers know first token, gap and deadline apart; undici's would cut what they allow.
    headersTimeout: 0,
    bodyTimeout: 0,
    // A broken HTTP/2 session breaks every stream on it; one socket a stream breaks alone.
    allowH2: false,
  });
  const told = new Set<Promise<void>>();
  return {
    call: (request, listener) => dispatch(agent, request, listener),
    tell(request) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const call = dispatch(agent, request, {
        onHead: () => undefined,
        onText: () => undefined,
        onEnd: resolve,
        onFailure: () => resolve(),
      });
      // An upstream that does not answer would keep the socket for ever.
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
    async close() {
      await Promise.all(told);
      await agent.destroy();
    },
  };
}

function dispatch(agent: Agent, request: UpstreamRequest, listener: CallListener): Call {
  const url = new URL(request.url);
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let controller: Dispatcher.DispatchController | undefined;
  let isOver = false;

  function fail(error: unknown): void {
    if (isOver) return;
    isOver = true;
    controller?.abort(new Error('the answer is of no use any more'));
    listener.onFailure(toNetworkFailure(error));
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (isOver) started.abort(new Error('aborted'));
    },
    onResponseStart(_controller, status, headers) {
      if (isOver || status < 200) return;
      listener.onHead({ status, headers: flatten(headers), receivedAt: Date.now() });
    },
    onResponseData(_controller, chunk) {
      if (isOver) return;
      let text;
      try {
        text = decoder.decode(chunk, { stream: true });
      } catch (error) {
        return fail(error);
      }
      if (text !== '') listener.onText(text);
    },
    onResponseEnd() {
      if (isOver) return;
      try {
        decoder.decode();
      } catch (error) {
        return fail(error);
      }
      isOver = true;
      listener.onEnd();
    },
    onResponseError(_controller, error) {
      fail(error);
    },
  };

  try {
    agent.dispatch(
      {
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method: request.method,
        headers: request.headers,
        // Bytes: Node turns a long text into them several times as slowly when it writes it.
        body: request.body === undefined ? null : Buffer.from(request.body),
      },
      handler,
    );
  } catch (error) {
    fail(error);
  }

  return {
    abort() {
      if (isOver) return;
      isOver = true;
      controller?.abort(new Error('aborted'));
    },
    pause: () => controller?.pause(),
    resume: () => controller?.resume(),
  };
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): ResponseHead['headers'] {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
