import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A port of 127.0.0.1 that is free, and stays so for a while (Linux: 60 s). We hang up first on a connection to it, which
 * leaves it in TIME_WAIT: the kernel then hands it to nobody who asks for any port, while whoever names it may listen on
 * it, because servers set SO_REUSEADDR. Tests that run in parallel thus never get the same port.
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
 * Starts something on a free port, and again on another one if that was taken before it could listen.
 * @throws what `start` throws: on another failure at once, else after three ports.
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
