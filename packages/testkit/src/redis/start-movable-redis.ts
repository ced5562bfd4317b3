import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from './start-redis.ts';

/** Two servers behind one address, like a managed Redis. */
export interface MovableRedis {
  /** URL of the first server, and of the second one after `moveAddress`. */
  readonly url: string;
  readonly first: RedisServer;
  readonly second: RedisServer;
  /** Makes the first server a replica of the second. Connections stay open, as in a manual fail-over. */
  demote(): Promise<void>;
  /** Leads new connections to the second server; open ones stay. */
  moveAddress(): void;
  stop(): Promise<void>;
}

const host = '127.0.0.1';

/** @throws Error as {@link startRedis} does; then none is left running. */
export async function startMovableRedis(): Promise<MovableRedis> {
  const first = await startRedis();
  const second = await startRedis().catch(async (error: unknown) => {
    await first.stop();
    throw error;
  });
  let target = first;
  const sockets = new Set<Socket>();
  const address = createServer((client) => {
    const server = connect(target.port, target.host);
    client.pipe(server).pipe(client);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket
        .on('error', () => undefined)
        .on('close', () => {
          sockets.delete(socket);
          client.destroy();
          server.destroy();
        });
    }
  });
  await once(address.listen(0, host), 'listening');
  return {
    url: `redis://${host}:${(address.address() as AddressInfo).port}`,
    first,
    second,
    async demote() {
      const admin = new Redis(first.url);
      try {
        await admin.replicaof(second.host, second.port);
      } finally {
        admin.disconnect();
      }
    },
    moveAddress() {
      target = second;
    },
    async stop() {
      address.close();
      for (const socket of sockets) socket.destroy();
      await Promise.all([first.stop(), second.stop()]);
    },
  };
}
