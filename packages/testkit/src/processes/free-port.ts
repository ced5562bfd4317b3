import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * Returns a port of 127.0.0.1 that stays free for a while (Linux: 60 s). Closing a connection to it from our side leaves it
 * in TIME_WAIT: the kernel then does not choose it for port 0, but a server can still listen on it by number, because
 * servers set SO_REUSEADDR. Parallel tests thus never get the same port.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [served] = (await once(server, 'connection')) as [Socket];
  served.end();
  client.resume();
  served.resume();
  await Promise.all([once(client, 'close'), once(served, 'close')]);
  server.close();
  await once(server, 'close');
  return port;
}

const attempts = 3;

/**
 * Starts a server on a free port, and again on another one if another process takes the port first.
 * @throws the error of `start`: after three ports, or at once if the port was not the cause.
 */
export async function onFreePort<Started>(start: (port: number) => Promise<Started>): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort());
    } catch (error) {
      const isTaken = /EADDRINUSE|Address already in use/.test(String(error));
      if (!isTaken || attempt === attempts) throw error;
    }
  }
}
