import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/**
 * A client in a process of its own, which does nothing else, so that it sees each byte as soon as the operating system lets
 * it. Reads requests as JSON from its standard input, sends them over raw connections, and prints the times of each.
 */
const input = z.object({
  port: z.number(),
  atOnce: z.number(),
  requests: z.array(
    z.object({ id: z.string(), head: z.string(), body: z.string(), leavesAfterMs: z.number().optional() }),
  ),
});
type Asked = z.infer<typeof input>['requests'][number];

/** Returns whether these bytes are a whole answer: with a body of the announced length, or with the last chunk. */
function isWhole(answer: Buffer): boolean {
  const headEnd = answer.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const length = /\r\ncontent-length: (\d+)/i.exec(answer.toString('latin1', 0, headEnd + 2))?.[1];
  if (length !== undefined) return answer.length >= headEnd + 4 + Number(length);
  return answer.subarray(-5).toString('latin1') === '0\r\n\r\n';
}

interface Times {
  /** Milliseconds since 1970. */
  readonly sentAt: number;
  /** Time from before the first byte is sent until the last byte has come, or the client leaves. */
  readonly wallMs: number;
}

async function send(socket: Socket, { head, body, leavesAfterMs }: Omit<Asked, 'id'>): Promise<Times> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const request = Buffer.from(head + body);
  let answer = Buffer.alloc(0);
  function leave(): void {
    socket.destroy();
    resolve(performance.now());
  }
  function onData(piece: Buffer): void {
    const at = performance.now();
    const isFirst = answer.length === 0;
    answer = Buffer.concat([answer, piece]);
    if (leavesAfterMs === undefined) {
      if (isWhole(answer)) resolve(at);
    } else if (isFirst) setTimeout(leave, leavesAfterMs);
  }
  socket.on('data', onData);
  socket.once('error', reject);
  const sentAt = Date.now();
  const startedAt = performance.now();
  socket.write(request);
  try {
    return { sentAt, wallMs: (await promise) - startedAt };
  } finally {
    socket.off('data', onData);
    socket.off('error', reject);
    if (/\r\nconnection: close/i.test(answer.toString('latin1'))) socket.destroy();
  }
}

/** Opens a connection, and asks for a page, so that the gateway has accepted it. */
async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  // A connection that the gateway resets between two requests.
  socket.on('error', () => undefined);
  await send(socket, { head: 'GET /livez HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n', body: '' });
  return socket;
}

const { port, atOnce, requests } = input.parse(JSON.parse(await text(process.stdin)));
const left = [...requests];
const times: Record<string, Times> = {};

async function sendOneByOne(): Promise<void> {
  let socket = await open(port);
  for (let request = left.shift(); request !== undefined; request = left.shift()) {
    if (socket.destroyed) socket = await open(port);
    times[request.id] = await send(socket, request);
  }
  socket.destroy();
}

await Promise.all(Array.from({ length: atOnce }, sendOneByOne));
process.stdout.write(JSON.stringify(times));
