import { once } from 'node:events';
import { type AddressInfo, createServer, Socket } from 'node:net';
import { type ChaosMode, checkMode } from './chaos-mode.ts';
import { chaosPipe } from './chaos-pipe.ts';

/** Target and initial behaviour of a proxy. */
export interface ChaosProxyOptions {
  readonly target: { readonly host: string; readonly port: number };
  /** The initial mode; default `pass`. */
  readonly mode?: ChaosMode;
  /** Seed of the random numbers for jitter; default 1. */
  readonly seed?: number;
}

/** A TCP proxy that can misbehave. */
export interface ChaosProxy {
  readonly host: string;
  readonly port: number;
  readonly mode: ChaosMode;
  /** Returns the URL with this proxy's host and port: `redis://:secret@10.0.0.1:6379/2` then goes through the proxy. */
  through(url: string): string;
  /**
   * Changes the mode for everything that arrives from now on.
   * @throws RangeError on an invalid number.
   */
  set(mode: ChaosMode): void;
  /** Returns the number of clients that are connected. */
  connections(): number;
  /** Cuts all connections and stops. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** Starts a proxy on a free port of 127.0.0.1. */
export async function startChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const { target, mode: firstMode = { kind: 'pass' }, seed = 1 } = options;
  checkMode(firstMode);
  let mode: ChaosMode = firstMode;
  const random = createRandom(seed);
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  /** Functions that connect the clients of a blackhole to the target. */
  const waiting = new Set<() => void>();

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    watch(client);
    if (mode.kind === 'reset') return void client.resetAndDestroy();
    clients.add(client);
    const upstream = watch(new Socket({ allowHalfOpen: true }).setNoDelay());
    const { promise: upstreamReady, resolve } = Promise.withResolvers<void>();
    let isConnected = false;
    const connect = (): void => {
      waiting.delete(connect);
      if (client.destroyed) return;
      isConnected = true;
      upstream.connect(target.port, target.host);
      resolve();
    };
    const leave = (): void => {
      clients.delete(client);
      // The client left before it was connected: the target must not see it.
      if (waiting.delete(connect)) client.destroy();
    };
    client.on('end', leave);
    client.on('close', leave);
    const isUpstreamReady = (): boolean => isConnected;
    const common = { mode: () => mode, random, sinkReady: upstreamReady, isSinkReady: isUpstreamReady };
    chaosPipe({ ...common, source: client, sink: upstream, direction: 'up' });
    chaosPipe({ ...common, source: upstream, sink: client, direction: 'down' });
    if (mode.kind === 'blackhole') waiting.add(connect);
    else connect();
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function watch(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // The pipes handle the `close` event that follows.
    socket.on('error', () => undefined);
    return socket;
  }

  return {
    host,
    port,
    get mode() {
      return mode;
    },
    through(url) {
      const parsed = new URL(url);
      parsed.hostname = host;
      parsed.port = String(port);
      return parsed.href;
    },
    set(next) {
      checkMode(next);
      mode = next;
      if (mode.kind === 'blackhole') return;
      if (mode.kind === 'reset') for (const socket of sockets) socket.resetAndDestroy();
      else for (const connect of waiting) connect();
    },
    connections: () => clients.size,
    async close() {
      server.close();
      const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([once(server, 'close'), ...closed]);
    },
  };
}

/** Mulberry32, which gives the same numbers on every platform. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
