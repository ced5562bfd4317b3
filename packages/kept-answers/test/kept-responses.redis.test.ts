import { createKeys } from '@sluice/redis';
import { redisTest } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { createKeptResponses, type KeptResponses } from '../src/index.ts';

const place = { id: 'resp_1', keyId: 'one' };

describe('kept responses', () => {
  redisTest(
    'are read by their owner alone, until they are removed',
    async ({ redis: connection, keyPrefix: prefix }) => {
      const kept = keptIn({ connection, prefix });
      await kept.put(place, '{"a":"ü"}');
      expect(await kept.get(place)).toBe('{"a":"ü"}');
      expect(await kept.get({ ...place, keyId: 'other' })).toBeUndefined();
      const [name = ''] = await connection.keys(`${prefix}*`);
      expect(await connection.pttl(name)).toBeGreaterThan(50_000);
      await kept.remove(place);
      expect(await kept.get(place)).toBeUndefined();
    },
  );

  redisTest('are sealed with the secret of the operator', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix, secret: 's'.repeat(32) });
    await kept.put(place, 'private');
    const [name = ''] = await connection.keys(`${prefix}*`);
    expect((await connection.getBuffer(name))?.toString('latin1')).not.toContain('private');
    expect(await kept.get(place)).toBe('private');
    expect(await keptIn({ connection, prefix, secret: 't'.repeat(32) }).get(place)).toBeUndefined();
  });

  redisTest('are not kept if they are too large', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix });
    await kept.put(place, 'x'.repeat(5 * 1024 * 1024));
    expect(await kept.get(place)).toBeUndefined();
  });
});

type Needs = Pick<Parameters<typeof createKeptResponses>[0], 'connection'>;

function keptIn({ connection, prefix, secret }: Needs & { prefix: string; secret?: string }): KeptResponses {
  return createKeptResponses({
    connection,
    keys: createKeys(prefix),
    keepMs: 60_000,
    secret,
    onError(error) {
      throw error;
    },
  });
}
