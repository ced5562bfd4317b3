import { expect, test } from 'vitest';
import type { ServiceProcess, SpawnOptions } from '../../src/services/spawn-service.ts';
import { type Spawn, startFleetWith } from '../../src/services/start-fleet.ts';

interface Stage {
  readonly spawn: Spawn;
  readonly spawned: { name: string; options: SpawnOptions }[];
  readonly stopped: string[];
}

/** Pretends to start services; those in `failing` do not start. */
function stage(failing: readonly string[] = []): Stage {
  const spawned: Stage['spawned'] = [];
  const stopped: string[] = [];
  const spawn: Spawn = async (name, options) => {
    const url = `http://${name}-${spawned.push({ name, options })}`;
    if (failing.includes(url)) throw new Error(`${url} did not start`);
    const stop = async (): Promise<{ code: number; signal: null }> => {
      stopped.push(url);
      return { code: 0, signal: null };
    };
    return { url, stop } as ServiceProcess;
  };
  return { spawn, spawned, stopped };
}

const needs = { config: { keys: [] }, redisUrl: 'redis://127.0.0.1:1', keyPrefix: 't-1' };

test('starts two of each with one configuration on one Redis', async () => {
  const { spawn, spawned, stopped } = stage();
  const fleet = await startFleetWith(spawn, { ...needs, env: { A: '1' }, config: { keys: [], redis: { tls: false } } });
  expect(spawned.map(({ name }) => name)).toEqual(['ingress', 'ingress', 'worker', 'worker']);
  for (const { options } of spawned) {
    expect(options).toEqual({
      env: { A: '1' },
      config: { keys: [], redis: { tls: false, url: 'redis://127.0.0.1:1', key_prefix: 't-1' } },
    });
  }
  expect(fleet.urls).toEqual(['http://ingress-1', 'http://ingress-2']);
  expect(fleet.workers.map(({ url }) => url)).toEqual(['http://worker-3', 'http://worker-4']);
  await fleet.stop();
  expect(stopped).toHaveLength(4);
});

test('keeps a cluster that the configuration names', async () => {
  const { spawn, spawned } = stage();
  const cluster = ['127.0.0.1:7000'];
  await startFleetWith(spawn, { config: { redis: { cluster } }, keyPrefix: 't-1' });
  expect(spawned[0]?.options.config).toEqual({ redis: { cluster, key_prefix: 't-1' } });
});

test('starts the given number of replicas', async () => {
  const { spawn, spawned } = stage();
  await startFleetWith(spawn, { ...needs, ingresses: 1, workers: 0 });
  expect(spawned.map(({ name }) => name)).toEqual(['ingress']);
});

test('stops the others when one does not start', async () => {
  const { spawn, stopped } = stage(['http://worker-3']);
  await expect(startFleetWith(spawn, needs)).rejects.toThrow('http://worker-3 did not start');
  expect(stopped).toEqual(['http://ingress-1', 'http://ingress-2', 'http://worker-4']);
});
