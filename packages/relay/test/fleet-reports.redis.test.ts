import type { UpstreamReport } from '@sluice/protocol';
import { connect, createKeys, untilReady } from '@sluice/redis';
import { createFleetReader, createUpstreamReporter, joinFleet } from '@sluice/relay';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';

async function setUp(redisUrl: string, keyPrefix: string) {
  const settings = { kind: 'single', url: redisUrl } as const;
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  const connection = connect({ settings, role: 'command', name: 'test', onError });
  onTestFinished(() => connection.disconnect());
  await untilReady(connection, 5000);
  const keys = createKeys(keyPrefix);
  const join = async (service: 'ingress' | 'worker', processId: string, version: string) => {
    const fleet = joinFleet({
      settings,
      service,
      processId,
      version,
      keys,
      mailboxKeys: [keys.mailbox(processId)],
      metrics: { redisUp: () => undefined, relayRead: () => undefined },
      onLost: () => undefined,
      onFrames: () => undefined,
      onError,
      now: () => performance.now(),
    });
    onTestFinished(fleet.disconnect);
    await untilReady(fleet.commands, 5000);
    await fleet.start();
    return fleet;
  };
  return { connection, keys, errors, onError, join, reader: createFleetReader({ connection, keys }) };
}

const report: UpstreamReport = {
  id: 'u',
  ready: 1,
  cooling: 1,
  cooldowns: [{ credential: 'a', model: 'm', endsAt: 5, isRefused: true, reason: 'auth' }],
  openCircuits: [{ model: 'm', failures: 3, cause: '503' }],
};

describe('the reports about the fleet', () => {
  redisTest('list the processes that run, with their versions', async ({ redisUrl, keyPrefix }) => {
    const { join, reader, connection, keys, errors } = await setUp(redisUrl, keyPrefix);
    const ingress = await join('ingress', 'i-1', '1.2.3');
    const worker = await join('worker', 'w-1', '1.3.0');
    // A later version may say something else.
    await connection.zadd(keys.replicas, Date.now(), 'not of this version');
    const found = await reader.replicas();
    expect(found.toSorted((one, other) => one.id.localeCompare(other.id))).toEqual([
      { id: 'i-1', service: 'ingress', version: '1.2.3', startedAt: expect.any(Number) },
      { id: 'w-1', service: 'worker', version: '1.3.0', startedAt: expect.any(Number) },
    ]);
    await ingress.close();
    await worker.close();
    expect(await reader.replicas()).toEqual([]);
    expect(errors).toEqual([]);
  });

  redisTest('tell of the upstreams while somebody asks, by one worker', async ({ redisUrl, keyPrefix }) => {
    const { reader, connection, keys, onError, errors } = await setUp(redisUrl, keyPrefix);
    let reported = 0;
    const reporters = [1, 2, 3].map(() =>
      createUpstreamReporter({
        connection,
        keys,
        onError,
        report() {
          reported++;
          return Promise.resolve([report]);
        },
      }),
    );
    for (const reporter of reporters) {
      reporter.start();
      onTestFinished(reporter.close);
    }
    expect([await reader.upstreams(), reported]).toEqual([undefined, 0]);
    await reader.wantUpstreams();
    await until(async () => (await reader.upstreams()) !== undefined, { what: 'a report' });
    expect(await reader.upstreams()).toEqual([report]);
    for (const key of [keys.upstreamsWanted, keys.upstreamReports]) {
      expect(await connection.pttl(key)).toBeGreaterThan(0);
    }
    expect(reported).toBeLessThan(3);
    await connection.set(keys.upstreamReports, '[{"id":1}]');
    expect(await reader.upstreams()).toBeUndefined();
    expect(errors).toEqual([]);
  });
});
