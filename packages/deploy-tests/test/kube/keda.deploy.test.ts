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
import { startPrometheus } from '../../src/kube/prometheus.ts';
import { readyReplicas } from '../../src/kube/watch-pods.ts';

const isThere = canHaveHelm() && canHaveCluster() && canHave('keda-operator', 'keda-adapter');

const secret = ['ingress-password=any', 'worker-password=any', 'keda-password=keda'];
/**
 * The user of the chart's README, without rights that Redis has from 7.2 on. The services use the default user, with any
 * password.
 */
const kedaUser =
  'sluice-keda on >keda resetchannels ~sluice:{q*}:chat:wait ~sluice:{q*}:chat:active ' +
  '-@all +ping +hello +client|setname +eval +evalsha +type +llen +select';

const keda = {
  enabled: true,
  trigger: 'redis',
  minReplicas: 1,
  maxReplicas: 4,
  targetUtilization: 0.8,
  pollingInterval: 2,
  // Shorter than the chart's own window, the longest stream of ten minutes; scaling in still meets open streams.
  behavior: { scaleDown: { stabilizationWindowSeconds: 5 } },
};

describe.skipIf(isMissing('KEDA and a Kubernetes node', isThere))('KEDA’s own operator', () => {
  let fleet: DemoFleet;

  beforeAll(async () => {
    fleet = await startDemoFleet({
      values: {
        // The chart's own limit, 4 workers × 4 jobs, would keep the long streams waiting for the burst.
        config: { worker: { concurrency: 5 }, queue: { shards: 2 }, limits: { max_concurrent_requests: 1000 } },
        redis: { auth: { existingSecret: 'redis-users', keda: { username: 'sluice-keda' } } },
        worker: { keda },
      },
      redisArguments: ['--user', ...kedaUser.split(' ')],
      async prepare(cluster) {
        await startKeda(cluster, firstPort());
        const literals = secret.map((pair) => `--from-literal=${pair}`);
        cluster.kubectl('-n', 'llm', 'create', 'secret', 'generic', 'redis-users', ...literals);
      },
    });
  });
  afterAll(async () => {
    await fleet.close();
  });

  const workers = (): Promise<number> => readyReplicas(fleet.cluster.get, fleet.namespace, 'sluice-worker');
  const untilWorkers = async (count: number, timeoutMs: number): Promise<void> => {
    await until(async () => (await workers()) === count, { what: `${count} workers`, timeoutMs, intervalMs: 500 });
  };

  it.each(['redis', 'prometheus'])(
    'scales workers out on a burst of queued requests, and in again without cutting a stream, by %s',
    async (trigger) => {
      const { apiKey, url, cluster, release } = fleet;
      if (trigger === 'prometheus') {
        const serverAddress = await startPrometheus(cluster, firstPort() + 50);
        const selector = 'namespace="llm",service="sluice-ingress-metrics"';
        await release.upgradeUnderWay(
          fleet.values({ worker: { keda: { trigger, prometheus: { serverAddress, selector } } } }),
        );
      }
      const load = { baseUrl: `${url}/v1`, apiKey, model: 'demo-t100-i100', tokens: 100 };
      await untilWorkers(1, 60_000);
      const startedAt = performance.now();
      const burst = keepStreams(load, 16);
      await untilWorkers(4, 120_000);
      const outMs = performance.now() - startedAt;
      // Four long streams are the load of one worker, but several workers serve them when scaling in begins.
      const long = keepStreams({ ...load, model: 'demo-t400-i100', tokens: 400 }, 4);
      const bursts = await burst.finish();
      const endedAt = performance.now();
      const longs = long.finish();
      await untilWorkers(1, 180_000);
      const inMs = performance.now() - endedAt;
      const { complete, broken } = await longs;
      process.stderr.write(
        `KEDA by ${trigger}: 1 to 4 workers ${Math.round(outMs / 1000)} s after a burst of 16 streams, back to 1 ` +
          `${Math.round(inMs / 1000)} s after its end; ${bursts.complete + complete} streams whole, ` +
          `${bursts.broken.length + broken.length} broken\n`,
      );
      expect([...bursts.broken, ...broken]).toEqual([]);
      expect(bursts.complete).toBeGreaterThanOrEqual(16);
      expect(complete).toBeGreaterThanOrEqual(4);
    },
  );
});
