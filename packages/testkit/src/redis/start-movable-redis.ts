import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from './start-redis.ts';

/** Two servers behind one address, as a managed Redis has them. */
export interface MovableRedis {
  /** Leads to the first server until the address has moved. */
  readonly url: string;
  readonly first: RedisServer;
  readonly second: RedisServer;
  /** Makes the first server a replica of the second; connections stay open, as in a fail-over by hand. */
  demote(): Promise<void>;
  /** New connections go to the second server; those that are open stay. */
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
