import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startRedis } from '@sluice/testkit';
import { stringify } from 'yaml';
import { findHelm } from '../chart/find-helm.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { addressesOf } from './endpoints.ts';
import { firstPort } from './first-port.ts';
import { type HelmRelease, helmRelease } from './helm-release.ts';
import { bridgeAddress } from './node.ts';

/** The chart's demo in real pods, with a Redis of this machine. */
export interface DemoFleet {
  readonly cluster: Cluster;
  readonly release: HelmRelease;
  /** URL of the ingresses' Service, which is reachable from this machine and from pods. */
  readonly url: string;
  readonly namespace: string;
  readonly apiKey: string;
  /** Returns Helm's arguments for the demo's values and these. */
  values(more?: object): readonly string[];
  /** Runs kubectl in the fleet's namespace. */
  kubectl(...args: readonly string[]): string;
  /** Names of the pods of a component, including terminating ones. */
  podsOf(component: string): readonly string[];
  close(): Promise<void>;
}

const namespace = 'llm';
const apiKey = 'sk-demo-not-a-secret';
/** Small enough for several pods on two cores. */
const resources = { requests: { cpu: '100m' } };

export interface DemoFleetRequest {
  /** Values in addition to those of the demo. */
  readonly values?: object;
  /** More options for the server of Redis. */
  readonly redisArguments?: readonly string[];
  /** Called when the namespace exists, before the installation. */
  readonly prepare?: (cluster: Cluster) => Promise<void> | void;
}

/** Resolves when all pods are ready. If they do not become ready, removes everything. */
export async function startDemoFleet(request: DemoFleetRequest = {}): Promise<DemoFleet> {
  const cluster = await startCluster(firstPort());
  try {
    return await startIn(cluster, request);
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

async function startIn(cluster: Cluster, request: DemoFleetRequest): Promise<DemoFleet> {
  const { values: own = {}, redisArguments = [], prepare } = request;
  const { kubectl } = cluster;
  const args = ['--bind', bridgeAddress, '--protected-mode', 'no', ...redisArguments];
  const redis = await startRedis({ port: firstPort() + 40, args });
  kubectl('create', 'namespace', namespace);
  kubectl('label', 'namespace', namespace, 'pod-security.kubernetes.io/enforce=restricted');
  await prepare?.(cluster);
  const base = {
    demo: { enabled: true, clientKey: apiKey, resources },
    redis: { url: `redis://${bridgeAddress}:${redis.port}` },
    image: { pullPolicy: 'Never' },
    ingress: { resources },
    worker: { resources },
    config: { timeouts: { total_ms: 240_000 } },
  };
  const files = { base, own } as const;
  for (const [name, values] of Object.entries(files))
    writeFileSync(join(cluster.folder, `${name}.yaml`), stringify(values));
  const values = (more: object = {}): readonly string[] => {
    const file = join(cluster.folder, 'more.yaml');
    writeFileSync(file, stringify(more));
    return ['base', 'own', 'more'].flatMap((name) => ['-f', join(cluster.folder, `${name}.yaml`)]);
  };
  const release = helmRelease({ helm: await findHelm(), kubeconfig: cluster.kubeconfig, namespace, name: 'sluice' });
  release.install([...values(), '--wait', '--timeout', '3m']);
  const [address] = (await addressesOf(cluster.get, namespace, 'sluice-ingress')) ?? [];
  const inNamespace = (...args: readonly string[]): string => kubectl('-n', namespace, ...args);
  return {
    cluster,
    release,
    url: `http://${address}`,
    namespace,
    apiKey,
    values,
    kubectl: inNamespace,
    podsOf: (component) =>
      inNamespace('get', 'pods', '-l', `app.kubernetes.io/component=${component}`, '-o', 'name')
        .split('\n')
        .filter(Boolean),
    async close() {
      await cluster.close();
      await redis.stop();
    },
  };
}
