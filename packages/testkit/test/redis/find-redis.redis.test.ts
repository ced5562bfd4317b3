import { describe, expect, inject, test } from 'vitest';
import { freePort } from '../../src/processes/free-port.ts';
import { findRedis } from '../../src/redis/find-redis.ts';
import { ping } from '../../src/redis/ping.ts';
import type { ContainerOutcome } from '../../src/redis/redis-container.ts';
import { type RedisServer, startRedis } from '../../src/redis/start-redis.ts';

/** A machine with only the given sources, and a list of the calls. */
function machine({ container = { kind: 'no-engine' }, local }: { container?: ContainerOutcome; local?: RedisServer }) {
  const notes: string[] = [];
  return {
    notes,
    needs: {
      warn: (line: string) => void notes.push(line),
      startContainer: () => Promise.resolve(container),
      startLocal: () => Promise.resolve(local),
    },
  };
}

describe('findRedis', () => {
  test('prefers REDIS_URL to all other sources, and does not end it', async () => {
    const redisUrl = inject('redisUrl');
    const found = await findRedis({ ...machine({}).needs, redisUrl });
    expect(found).toMatchObject({ url: redisUrl, description: `REDIS_URL at ${new URL(redisUrl).host}` });
    await found.stop();
    await expect(ping(redisUrl)).resolves.toBeUndefined();
  });

  test('tries no other source when REDIS_URL does not answer, and does not show its password', async () => {
    const port = await freePort();
    await expect(findRedis({ ...machine({}).needs, redisUrl: `redis://:secret@127.0.0.1:${port}` })).rejects.toThrow(
      `REDIS_URL names 127.0.0.1:${port}, which does not answer. Correct it, or unset it to have one found.`,
    );
    await expect(findRedis({ ...machine({}).needs, redisUrl: 'nonsense' })).rejects.toThrow(
      'REDIS_URL names no valid URL',
    );
  });

  test('takes a container if an engine starts one, and ends it', async () => {
    let isStopped = false;
    const stop = async (): Promise<void> => {
      isStopped = true;
    };
    const container = {
      kind: 'started',
      redis: { url: 'redis://localhost:32770', title: 'redis:8-alpine', stop },
    } as const;
    const { needs, notes } = machine({ container });
    const found = await findRedis({ ...needs, redisUrl: '' });
    expect(found).toMatchObject({ url: 'redis://localhost:32770', description: 'redis:8-alpine at localhost:32770' });
    await found.stop();
    expect(isStopped).toBe(true);
    expect(notes).toEqual([]);
  });

  test('falls back to an installed server, and says why if an engine answers', async () => {
    const local = await startRedis();
    const { needs, notes } = machine({ container: { kind: 'failed', reason: "it can't pull redis:8-alpine" }, local });
    const found = await findRedis(needs);
    expect(found).toMatchObject({
      url: local.url,
      description: `${local.title} of this machine at 127.0.0.1:${local.port}`,
    });
    expect(notes).toEqual(["a Docker engine answers, but gives no Redis (it can't pull redis:8-alpine)"]);
    await found.stop();
    await expect(ping(local.url)).rejects.toThrow('ECONNREFUSED');
  });

  test('lists the choices when there is none', async () => {
    await expect(findRedis(machine({}).needs)).rejects.toThrow(
      'These tests need a Redis. Set REDIS_URL, or start a Docker engine, or put redis-server or valkey-server on PATH.',
    );
  });
});
