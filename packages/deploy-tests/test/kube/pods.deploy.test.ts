import { type RedisServer, startRedis, until } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { isMissing } from '../../src/index.ts';
import { type Balancer, startBalancer } from '../../src/kube/balancer.ts';
import { canHaveCluster, type Cluster, startCluster } from '../../src/kube/cluster.ts';
import { firstPort } from '../../src/kube/first-port.ts';
import { type HelmRelease, helmRelease } from '../../src/kube/helm-release.ts';
import { bridgeAddress } from '../../src/kube/node.ts';
import { keepStreams } from '../../src/kube/open-streams.ts';

const namespace = 'llm';
const apiKey = 'sk-demo-not-a-secret';
const isThere = canHaveHelm() && canHaveCluster();

describe.skipIf(isMissing('a Kubernetes node: root, runc, Docker, Go and Debian', isThere))(
  'real pods of the chart',
  () => {
    let cluster: Cluster;
    let redis: RedisServer;
    let release: HelmRelease;
    let balancer: Balancer;
    let values: readonly string[];
    const kubectl = (...args: readonly string[]): string => cluster.kubectl('-n', namespace, ...args);
    const podsOf = (component: string): readonly string[] =>
      kubectl('get', 'pods', '-l', `app.kubernetes.io/component=${component}`, '-o', 'name')
        .split('\n')
        .filter(Boolean);

    beforeAll(async () => {
      cluster = await startCluster({ firstPort: firstPort(), tag: '0.1.0' });
      redis = await startRedis({ port: firstPort() + 40, args: ['--bind', bridgeAddress, '--protected-mode', 'no'] });
      cluster.kubectl('create', 'namespace', namespace);
      cluster.kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
      release = helmRelease({ helm: findHelm(), kubeconfig: cluster.kubeconfig, namespace, name: 'sluice' });
      const set = [
        'demo.enabled=true',
        `demo.clientKey=${apiKey}`,
        `redis.url=redis://${bridgeAddress}:${redis.port}`,
        'image.pullPolicy=Never',
        'ingress.service.port=8080',
        'config.timeouts.total_ms=60000',
        'ingress.resources.requests.cpu=10m',
        'worker.resources.requests.cpu=10m',
        'demo.resources.requests.cpu=10m',
      ];
      values = set.flatMap((value) => ['--set', value]);
      release.install([...values, '--wait', '--timeout', '3m']);
      const service = 'sluice-ingress';
      balancer = await startBalancer({
        get: cluster.get,
        namespace,
        service,
        targetPort: 8080,
        port: firstPort() + 20,
      });
    });

    afterAll(async () => {
      await balancer.close();
      await cluster.close();
      await redis.stop();
    });

    it('become ready under the strictest of Kubernetes’ own levels, without a token of their account', () => {
      expect(podsOf('ingress')).toHaveLength(2);
      expect(podsOf('worker')).toHaveLength(2);
      const [pod = ''] = podsOf('worker');
      const look = "console.log(process.getuid(), require('fs').existsSync('/var/run/secrets/kubernetes.io'))";
      expect(kubectl('exec', pod, '--', 'node', '-e', look).trim()).toBe('1000 false');
    });

    it('pass helm test: one whole and one streamed answer', () => {
      const said = release.test();
      expect(said).toContain('whole answer:');
      expect(said).toContain('then [DONE]');
    });

    it('are replaced under 200 open streams of OpenAI’s client without breaking one', async () => {
      const before = new Set([...podsOf('ingress'), ...podsOf('worker')]);
      const model = 'demo-t200-i100';
      const streams = keepStreams({ baseUrl: `${balancer.url}/v1`, apiKey, model, tokens: 200 }, 200);
      const startedAt = performance.now();
      await until(() => streams.open === 200 && streams.tally.complete > 0, {
        what: 'the first streams',
        timeoutMs: 120_000,
      });
      // Another setting is another checksum, so every pod of both services is replaced.
      release.upgrade([...values, '--set', 'config.limits.queue_size=501', '--wait', '--timeout', '5m']);
      const isOld = (): boolean => [...podsOf('ingress'), ...podsOf('worker')].some((pod) => before.has(pod));
      await until(() => !isOld(), { what: 'the end of the old pods', timeoutMs: 300_000, intervalMs: 1000 });
      const { complete, broken } = await streams.finish();
      process.stderr.write(
        `rollout of both services: ${complete} streams whole, ${broken.length} broken, ` +
          `${Math.round((performance.now() - startedAt) / 1000)} s\n`,
      );
      expect(broken).toEqual([]);
      expect(complete).toBeGreaterThanOrEqual(400);
    });

    it('keep a drain of their node from taking the last ones', () => {
      release.upgrade([...values, '--set', 'ingress.pdb.maxUnavailable=null,ingress.pdb.minAvailable=2', '--wait']);
      const drain = ['drain', cluster.node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=15s'];
      const selector = ['--pod-selector', 'app.kubernetes.io/component=ingress'];
      expect(() => cluster.kubectl(...drain, ...selector)).toThrow(/disruption budget/);
      cluster.kubectl('uncordon', cluster.node);
      expect(podsOf('ingress')).toHaveLength(2);
    });
  },
);
