import { Cluster } from 'ioredis';
import type { RedisConnection } from './connect.ts';

/** Memory of a Redis server, in bytes. */
export interface MemoryUse {
  readonly usedBytes: number;
  /** Its `maxmemory`; 0 if it has none. */
  readonly limitBytes: number;
}

/**
 * Reads the memory that Redis uses; in a cluster that of the primary which is nearest to its limit, because the first one
 * that is full refuses writes.
 *
 * @throws Error when Redis can't be asked, or does not tell
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

/** Without limits the one that uses most is the fullest; the ratio to a limit is always larger than what this gives. */
const fullness = ({ usedBytes, limitBytes }: MemoryUse): number =>
  limitBytes === 0 ? usedBytes / Number.MAX_SAFE_INTEGER : usedBytes / limitBytes;

function parseMemory(info: string): MemoryUse {
  const valueOf = (field: string): number => Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(info)?.[1]);
  const [usedBytes, limitBytes] = [valueOf('used_memory'), valueOf('maxmemory')];
  if (Number.isNaN(usedBytes) || Number.isNaN(limitBytes)) throw new Error('redis does not tell its memory');
  return { usedBytes, limitBytes };
}
