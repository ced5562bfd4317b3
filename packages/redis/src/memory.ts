import { Cluster } from 'ioredis';
import type { RedisConnection } from './connect.ts';

/** Memory of a Redis server, in bytes. */
export interface MemoryUse {
  readonly usedBytes: number;
  /** The server's `maxmemory`; 0 if it has none. */
  readonly limitBytes: number;
}

/**
 * Reads the memory use of Redis. In a cluster, reads the primary that is closest to its limit, because the first full
 * one refuses writes.
 *
 * @throws Error when Redis cannot be queried, or does not report its memory
 */
export async function readMemory(connection: RedisConnection): Promise<MemoryUse> {
  const nodes = connection instanceof Cluster ? connection.nodes('master') : [connection];
  const uses = await Promise.all(nodes.map(async (node) => parseMemory(await node.info('memory'))));
  const fullest = uses.reduce<MemoryUse | undefined>(
    (most, use) => (most === undefined || fullness(use) > fullness(most) ? use : most),
    undefined,
  );
  if (fullest === undefined) throw new Error('no primary of the cluster is known');
  return fullest;
}

/**
 * Returns the fill level. Without limits the largest use is the fullest; a ratio to a limit always exceeds this value.
 */
const fullness = ({ usedBytes, limitBytes }: MemoryUse): number =>
  limitBytes === 0 ? usedBytes / Number.MAX_SAFE_INTEGER : usedBytes / limitBytes;

function parseMemory(info: string): MemoryUse {
  const valueOf = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]);
  const [usedBytes, limitBytes] = [valueOf('used_memory'), valueOf('maxmemory')];
  if (Number.isNaN(usedBytes) || Number.isNaN(limitBytes)) throw new Error('Redis does not report its memory use');
  return { usedBytes, limitBytes };
}
