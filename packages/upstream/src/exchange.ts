import type { ResponseHead, UpstreamRequest } from '@sluice/protocol';
import type { Agent, Dispatcher } from 'undici';
import { Answer, type Wire } from './answer.ts';
import type { CallListener } from './call-listener.ts';
import type { Destination } from './destination.ts';
import { toDispatchOptions } from './dispatch-options.ts';
import type { Connection, Connector } from './network/connector.ts';
import { isBrokenConnection } from './network/network-failure.ts';
import type { OutboundProxy } from './network/proxy-connector.ts';
import { problemOfForwarded, ProxyError } from './network/proxy-failure.ts';

export interface DispatchNeeds {
  /** Keeps connections for further calls. */
  readonly kept: Agent;
  /** Opens a connection for each call. */
  readonly fresh: Agent;
  readonly connector: Connector;
  readonly destinationOf: (url: string) => Destination;
  readonly errorBodyMs: number;
  readonly onThrow: (error: unknown) => void;
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

export interface Caller {
  readonly listener: CallListener;
  readonly onOver?: () => void;
}

/** Starts a call. */
export function dispatch(needs: DispatchNeeds, request: UpstreamRequest, caller: Caller): Answer {
  const exchange = new Exchange(needs, request, caller);
  exchange.send();
  return exchange.answer;
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
