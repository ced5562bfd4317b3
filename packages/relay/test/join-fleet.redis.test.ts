import type { Frame } from '@sluice/protocol';
import { createKeys, untilReady } from '@sluice/redis';
import { joinFleet, type Origin } from '@sluice/relay';
import { redisTest, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Lets a process of each service join. */
async function setUp(redisUrl: string, keyPrefix: string) {
  const keys = createKeys(keyPrefix);
  const errors: unknown[] = [];
  const join = async (service: 'ingress' | 'worker', processId: string) => {
    const lost: string[] = [];
    const frames: Frame[] = [];
    const origins: (Origin | undefined)[] = [];
    const up: boolean[] = [];
    const lags: (number | undefined)[] = [];
    let restored = 0;
    const fleet = joinFleet({
      settings: { kind: 'single', url: redisUrl },
      service,
      processId,
      version: '1.2.3',
      keys,
      mailboxKeys: [keys.mailbox(processId)],
      metrics: { redisUp: (isUp) => up.push(isUp), relayRead: (_count, lagMs) => lags.push(lagMs) },
      onLost: (id) => lost.push(id),
      onFrames(read, origin) {
        frames.push(...read);
        origins.push(origin);
      },
      onRestored: () => restored++,
      onError: (error) => errors.push(error),
      now: () => performance.now(),
    });
    closers.push(fleet.disconnect);
    await untilReady(fleet.commands, 5000);
    await fleet.start();
    return { fleet, lost, frames, origins, up, lags, restored: () => restored };
  };
  return { keys, errors, ingress: await join('ingress', 'i-1'), worker: await join('worker', 'w-1') };
}

const frame: Frame = { requestId: 'r', epoch: 1, seq: 0, kind: 'data', data: 'x' };

describe('processes of a fleet', () => {
  redisTest('read the frames that others send to them', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker, errors } = await setUp(redisUrl, keyPrefix);
    worker.fleet.writer.send('i-1', frame);
    await until(() => ingress.frames.length === 1, { what: 'the frame' });
    expect(ingress.frames).toEqual([frame]);
    expect(ingress.origins).toEqual([{ processId: 'w-1', sentAt: expect.any(Number) as number }]);
    expect(ingress.lags).toEqual([expect.any(Number)]);
    expect(errors).toEqual([]);
  });

  redisTest('measure no lag of a batch that a script wrote', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker, keys } = await setUp(redisUrl, keyPrefix);
    await worker.fleet.commands.xadd(keys.mailbox('i-1'), '*', 'f', 'r 0 0 admitted 0\n');
    await until(() => ingress.frames.length === 1, { what: 'the frame' });
    expect([ingress.origins, ingress.lags]).toEqual([[undefined], [undefined]]);
  });

  redisTest('notice that another has left, by its sign of life or its mailbox', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker, keys } = await setUp(redisUrl, keyPrefix);
    await worker.fleet.close();
    expect(await ingress.fleet.commands.exists(keys.alive('w-1'), keys.mailbox('w-1'))).toBe(0);
    ingress.fleet.liveness.watch('w-1');
    await until(() => ingress.lost.length === 1, { what: 'the silence', timeoutMs: 10_000 });
    ingress.fleet.writer.send('w-1', { ...frame, kind: 'cancel', data: '' });
    await until(() => ingress.lost.length === 2, { what: 'the missing mailbox', timeoutMs: 10_000 });
    expect(ingress.lost).toEqual(['w-1', 'w-1']);
  });

  redisTest('write nothing more after they are closed', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker } = await setUp(redisUrl, keyPrefix);
    await worker.fleet.close();
    worker.fleet.writer.send('i-1', frame);
    await worker.fleet.writer.flushed();
    ingress.fleet.writer.send('i-1', { ...frame, requestId: 'own' });
    await until(() => ingress.frames.length > 0, { what: 'a later frame' });
    expect(ingress.frames.map(({ requestId }) => requestId)).toEqual(['own']);
  });

  redisTest('are told when Redis has lost their mailboxes', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker, keys } = await setUp(redisUrl, keyPrefix);
    await worker.fleet.commands.unlink(keys.mailbox('i-1'));
    await until(() => ingress.restored() === 1, { what: 'the mailbox to come back', timeoutMs: 10_000 });
    expect(await ingress.fleet.commands.exists(keys.mailbox('i-1'))).toBe(1);
  });

  redisTest('name their connections, and close each of them', async ({ redisUrl, keyPrefix }) => {
    const { ingress, worker } = await setUp(redisUrl, keyPrefix);
    const { commands, writes } = ingress.fleet;
    await untilReady(writes, 5000);
    expect([commands, worker.fleet.commands, writes].map(({ options }) => nameIn(options))).toEqual([
      'sluice-ingress-command',
      'sluice-worker-command',
      'sluice-ingress-writer',
    ]);
    ingress.fleet.disconnect();
    await until(() => writes.status === 'end' && commands.status === 'end', { what: 'the ends' });
    expect(ingress.up.at(-1)).toBe(false);
  });
});

const nameIn = (options: object): unknown => Reflect.get(options, 'connectionName');
