import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { ApiGet } from './api-client.ts';
import { addressesOf } from './endpoints.ts';

/** Replaces a cluster's DNS: resolves the name of a service to its address, or, if it is headless, to its pods. */
export interface ClusterDns {
  close(): Promise<void>;
}

const suffix = '.svc.cluster.local';
const recordA = 1;
const nameError = 3;
const ttlSeconds = 1;

/** Resolves names such as `redis.data.svc.cluster.local` and no others. */
export async function startClusterDns(get: ApiGet, address: string): Promise<ClusterDns> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address: client }) => {
    void answer(get, query).then(
      (reply) => socket.send(reply, port, client),
      () => undefined,
    );
  });
  socket.bind(53, address);
  await once(socket, 'listening');
  return {
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

async function answer(get: ApiGet, query: Buffer): Promise<Buffer> {
  const { name, end } = readName(query);
  const type = query.readUInt16BE(end);
  const question = query.subarray(12, end + 4);
  const [service, namespace] = name.endsWith(suffix) ? name.slice(0, -suffix.length).split('.') : [];
  if (service === undefined || namespace === undefined)
    return reply(query, question, { code: nameError, addresses: [] });
  const addresses = await addressesOf(get, namespace, service);
  if (addresses === undefined) return reply(query, question, { code: nameError, addresses: [] });
  return reply(query, question, { code: 0, addresses: type === recordA ? addresses : [] });
}

/** Reads the name of the first question, and the position of its end. */
function readName(query: Buffer): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 };
}

interface Answers {
  readonly code: number;
  readonly addresses: readonly string[];
}

function reply(query: Buffer, question: Buffer, { code, addresses }: Answers): Buffer {
  const head = Buffer.alloc(12);
  query.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8580 | code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(addresses.length, 6);
  const records = addresses.map((address) => {
    const record = Buffer.alloc(16);
    // A pointer to the name in the question.
    record.writeUInt16BE(0xc0_0c, 0);
    record.writeUInt16BE(recordA, 2);
    record.writeUInt16BE(1, 4);
    record.writeUInt32BE(ttlSeconds, 6);
    record.writeUInt16BE(4, 10);
    for (const [index, part] of address.split('.').entries()) record.writeUInt8(Number(part), 12 + index);
    return record;
  });
  return Buffer.concat([head, question, ...records]);
}
