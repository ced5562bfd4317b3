import { until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm } from '../../src/chart/find-helm.ts';
import { isMissing } from '../../src/index.ts';
import { canHaveCluster } from '../../src/kube/cluster.ts';
import { type DemoFleet, startDemoFleet } from '../../src/kube/demo-fleet.ts';
import { firstPort } from '../../src/kube/first-port.ts';
import { canHave } from '../../src/kube/go-tools.ts';
import { startKeda } from '../../src/kube/keda.ts';
import { keepStreams } from '../../src/kube/open-streams.ts';
import { readyReplicas } from '../../src/kube/watch-pods.ts';

const isThere = canHaveHelm() && canHaveCluster() && canHave('keda-operator', 'keda-adapter');

describe.skipIf(isMissing('KEDA and a Kubernetes node', isThere))('KEDA’s own operator', () => {
  let fleet: DemoFleet;

  beforeAll(async () => {
    const values = {
      config: { worker: { concurrency: 5 }, queue: { shards: 2 } },
      worker: {
        keda: {
          enabled: true,
          trigger: 'redis',
          minReplicas: 1,
          maxReplicas: 4,
          targetUtilization: 0.8,
          pollingInterval: 2,
          // The chart's own window is the longest stream. The test has no ten minutes, and streams to cut all the same.
          behavior: { scaleDown: { stabilizationWindowSeconds: 5 } },
        },
      },
    };
    fleet = await startDemoFleet(values, (cluster) => startKeda(cluster, firstPort()));
  });
  afterAll(async () => {
    await fleet.close();
  });

  const workers = (): Promise<number> => readyReplicas(fleet.cluster.get, fleet.namespace, 'sluice-worker');
  const seconds = (since: number): number => Math.round((performance.now() - since) / 1000);

  it('scales workers out on a burst of queued requests, and in again without cutting a stream', async () => {
    const { apiKey, balancer } = fleet;
    const load = { baseUrl: `${balancer.url}/v1`, apiKey, model: 'demo-t100-i100', tokens: 100 };
    await until(async () => (await workers()) === 1, { what: 'one worker', timeoutMs: 60_000, intervalMs: 500 });
    const startedAt = performance.now();
    const burst = keepStreams(load, 16);
    await until(async () => (await workers()) === 4, { what: 'four workers', timeoutMs: 120_000, intervalMs: 500 });
    const outAfter = seconds(startedAt);
    // Four long streams are the work of one worker, and every worker has some of them while it is scaled in.
    const long = keepStreams({ ...load, model: 'demo-t400-i100', tokens: 400 }, 4);
    const bursts = await burst.finish();
    const endedAt = performance.now();
    const longs = long.finish();
    await until(async () => (await workers()) === 1, { what: 'one worker again', timeoutMs: 180_000, intervalMs: 500 });
    const inAfter = seconds(endedAt);
    const { complete, broken } = await longs;
    process.stderr.write(
      `KEDA: 1 to 4 workers ${outAfter} s after a burst of 16 streams, back to 1 ${inAfter} s after its end; ` +
        `${bursts.complete + complete} streams whole, ${bursts.broken.length + broken.length} broken\n`,
    );
    expect([...bursts.broken, ...broken]).toEqual([]);
    expect(bursts.complete).toBeGreaterThanOrEqual(16);
    expect(complete).toBeGreaterThanOrEqual(4);
  });
});
