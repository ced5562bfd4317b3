import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Time to wait before taking the port back again, if something else sits on it. */
const reclaimMs = 50;
/** Connections that may wait to be accepted: load tests open thousands at once. */
const backlog = 4096;

/** The address to listen on and what to do there. */
export interface ListenOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly onRequest: RequestListener;
  /** Called before open connections are cut. */
  readonly onCut: () => void;
}

/** A listening server that can stop for a while. */
export interface Listener {
  readonly port: number;
  /** Cuts all connections and refuses new ones for so long; resolves when it refuses. */
  refuse(ms: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Listens.
 * @throws the system's error (`EADDRINUSE`, …) when it can't.
 */
export async function listen({ port: wantedPort, host, onRequest, onCut }: ListenOptions): Promise<Listener> {
  // No time-outs: whoever waits on an answer that never comes, or on an idle connection, gives up by itself.
  const server = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, onRequest);
  server.listen({ port: wantedPort, host, backlog });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let comeBack: NodeJS.Timeout | undefined;
  let isClosed = false;

  // Only a port that something else took meanwhile fails here: keep asking for it.
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
