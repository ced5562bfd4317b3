import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Delay before another attempt to listen, if another process uses the port, in ms. */
const reclaimMs = 50;
/** Maximum number of connections waiting to be accepted: load tests open thousands at once. */
const backlog = 4096;

/** Address to listen on, and callbacks. */
export interface ListenOptions {
  /** 0 selects a free port. */
  readonly port: number;
  readonly host: string;
  readonly onRequest: RequestListener;
  /** Called before open connections are cut. */
  readonly onCut: () => void;
}

/** A listening server that can stop for some time. */
export interface Listener {
  readonly port: number;
  /** Cuts all connections and refuses new ones for a time; resolves when it refuses. */
  refuse(ms: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Starts to listen.
 * @throws the system's error (`EADDRINUSE`, …) if that fails.
 */
export async function listen({ port: wantedPort, host, onRequest, onCut }: ListenOptions): Promise<Listener> {
  // No time-outs: clients that wait for an answer that never comes, or keep an idle connection, decide themselves when
  // to stop.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, onRequest);
  server.listen({ port: wantedPort, host, backlog });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let comeBack: NodeJS.Timeout | undefined;
  let isClosed = false;

  // An error here means that another process took the port in the meantime: try again.
  server.on('error', () => comeBackAfter(reclaimMs));

  function comeBackAfter(ms: number): void {
    clearTimeout(comeBack);
    if (isClosed || server.listening) return;
    comeBack = setTimeout(() => server.listen({ port, host, backlog }), ms);
  }

  async function stop(): Promise<void> {
    clearTimeout(comeBack);
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    onCut();
    server.closeAllConnections();
    await closed;
  }

  return {
    port,
    async refuse(ms) {
      await stop();
      comeBackAfter(ms);
    },
    async close() {
      isClosed = true;
      await stop();
    },
  };
}
