import { until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm } from '../../src/chart/find-helm.ts';
import { isMissing } from '../../src/index.ts';
import { canHaveCluster } from '../../src/kube/cluster.ts';
import { type DemoFleet, startDemoFleet } from '../../src/kube/demo-fleet.ts';
import { keepStreams } from '../../src/kube/open-streams.ts';
import { podNames } from '../../src/kube/watch-pods.ts';

const isThere = canHaveHelm() && canHaveCluster();

describe.skipIf(isMissing('a Kubernetes node: root, runc, Docker, Go and Debian', isThere))(
  'real pods of the chart',
  () => {
    let fleet: DemoFleet;

    beforeAll(async () => {
      fleet = await startDemoFleet();
    });
    afterAll(async () => {
      await fleet.close();
    });

    it('become ready under the strictest of Kubernetes’ own levels, without a token of their account', () => {
      expect(fleet.podsOf('ingress')).toHaveLength(2);
      expect(fleet.podsOf('worker')).toHaveLength(2);
      const [pod = ''] = fleet.podsOf('worker');
      const look = "console.log(process.getuid(), require('fs').existsSync('/var/run/secrets/kubernetes.io'))";
      expect(fleet.kubectl('exec', pod, '--', 'node', '-e', look).trim()).toBe('1000 false');
    });

    it('pass helm test: one whole and one streamed answer', async () => {
      const said = await fleet.release.test();
      expect(said).toContain('whole answer:');
      expect(said).toContain('then [DONE]');
    });

    it('are replaced under 200 open streams of OpenAI’s client without breaking one', async () => {
      const { apiKey, url, cluster, namespace, release } = fleet;
      const before = new Set((await podNames(cluster.get, namespace)).filter((name) => /ingress|worker/.test(name)));
      expect(before.size).toBe(4);
      const startedAt = performance.now();
      const load = { baseUrl: `${url}/v1`, apiKey, model: 'demo-t100-i200', tokens: 100 };
      const streams = keepStreams(load, 200);
      await until(() => streams.tally.complete > 0, { what: 'the first whole stream', timeoutMs: 120_000 });
      expect(streams.open).toBe(200);
      // A changed setting changes the checksum, so every pod of both services is replaced.
      await release.upgradeUnderWay([
        ...fleet.values({ config: { limits: { queue_size: 501 } } }),
        '--wait',
        '--timeout',
        '8m',
      ]);
      const areOldGone = async (): Promise<boolean> =>
        (await podNames(cluster.get, namespace)).every((name) => !before.has(name));
      await until(areOldGone, { what: 'the end of the old pods', timeoutMs: 300_000, intervalMs: 1000 });
      const { complete, broken } = await streams.finish();
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      process.stderr.write(
        `rollout of both services: ${complete} streams whole, ${broken.length} broken, ${seconds} s\n`,
      );
      expect(broken).toEqual([]);
      expect(complete).toBeGreaterThanOrEqual(400);
    });

    it('block a drain of their node that would evict the last ones', () => {
      const { cluster, release } = fleet;
      release.upgrade([...fleet.values({ ingress: { pdb: { minAvailable: 2 } } }), '--wait']);
      const drain = ['drain', cluster.node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=15s'];
      const selector = ['--pod-selector', 'app.kubernetes.io/component=ingress'];
      expect(() => cluster.kubectl(...drain, ...selector)).toThrow(/disruption budget/);
      cluster.kubectl('uncordon', cluster.node);
      expect(fleet.podsOf('ingress')).toHaveLength(2);
    });
  },
);
