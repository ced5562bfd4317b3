import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { ApiGet } from './api-client.ts';
import { readyAddresses } from './endpoints.ts';

export interface BalancerRequest {
  readonly get: ApiGet;
  readonly namespace: string;
  readonly service: string;
  /** Of the pods. */
  readonly targetPort: number;
  /** On loopback; 0 takes a free one. */
  readonly port: number;
}

/** A load balancer of layer 4 on loopback: each new connection goes to the next ready pod. */
export interface Balancer {
  readonly url: string;
  close(): Promise<void>;
}

const lookEveryMs = 200;

/** Looks for ready pods five times a second, so that it learns of a stop as late as a real load balancer does. */
export async function startBalancer(request: BalancerRequest): Promise<Balancer> {
  const { get, namespace, service, targetPort, port } = request;
  let addresses: readonly string[] = [];
  let next = 0;
  const look = async (): Promise<void> => {
    addresses = await readyAddresses(get, namespace, service);
  };
  const timer = setInterval(() => void look().catch(() => undefined), lookEveryMs);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const address = addresses[next++ % Math.max(1, addresses.length)];
    if (address === undefined) return void client.destroy();
    const pod = connect(targetPort, address);
    for (const [from, to] of [
      [client, pod],
      [pod, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.end();
      });
      from.pipe(to);
    }
  });
  await look();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : port}`,
    async close() {
      clearInterval(timer);
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
