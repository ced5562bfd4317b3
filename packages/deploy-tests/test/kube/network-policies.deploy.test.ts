import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canHaveHelm } from '../../src/chart/find-helm.ts';
import { imageOf, isMissing } from '../../src/index.ts';
import { canHaveCluster } from '../../src/kube/cluster.ts';
import { runKubectl } from '../../src/kube/control-plane.ts';
import { type DemoFleet, startDemoFleet } from '../../src/kube/demo-fleet.ts';
import { firstPort } from '../../src/kube/first-port.ts';
import { canHave } from '../../src/kube/go-tools.ts';
import { bridgeAddress } from '../../src/kube/node.ts';
import { startPolicyEngine } from '../../src/kube/policy-engine.ts';

const isThere = canHaveHelm() && canHaveCluster() && canHave('kube-network-policies');

const inNamespace = (name: string): object => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
});
/** A port of this machine that is neither that of Redis nor of DNS. */
const otherPort = firstPort() + 44;
const clients = ['web', 'monitoring', 'elsewhere'];
const podsSchema = z.object({
  items: z.array(z.object({ metadata: z.object({ name: z.string() }), status: z.object({ podIP: z.string() }) })),
});

type Case = readonly [from: string, to: string, port: number, isLet: boolean];

const cases: readonly Case[] = [
  ['web', 'ingress', 8080, true],
  ['elsewhere', 'ingress', 8080, false],
  ['monitoring', 'ingress', 9463, true],
  ['monitoring', 'worker', 9464, true],
  ['web', 'ingress', 9463, false],
  ['web', 'worker', 9464, false],
  ['web', 'simulator', 9900, false],
  ['ingress', 'worker', 9464, false],
  ['ingress', 'simulator', 9900, false],
  ['worker', 'simulator', 9900, true],
  ['worker', 'ingress', 8080, false],
  ['ingress', 'this machine', firstPort() + 40, true],
  ['worker', 'this machine', firstPort() + 40, true],
  ['worker', 'this machine', otherPort, false],
  ['simulator', 'this machine', firstPort() + 40, false],
  ['elsewhere', 'this machine', otherPort, true],
];

describe.skipIf(isMissing('a Kubernetes node and an engine of network policies', isThere))(
  'network policies that an engine enforces',
  () => {
    let fleet: DemoFleet;
    let other: Server;
    const places = new Map<string, { readonly namespace: string; readonly pod: string; readonly address: string }>();

    beforeAll(async () => {
      fleet = await startDemoFleet({
        values: {
          networkPolicy: {
            enabled: true,
            clientsFrom: [inNamespace('web')],
            metricsFrom: [inNamespace('monitoring')],
            dnsTo: [{ ipBlock: { cidr: `${bridgeAddress}/32` } }],
          },
        },
        async prepare(cluster) {
          await startPolicyEngine(cluster, firstPort() + 15);
          for (const name of clients) {
            cluster.kubectl('create', 'namespace', name);
            runKubectl(cluster.kubeconfig, ['-n', name, 'apply', '-f', '-'], clientPod);
          }
        },
      });
      other = createServer((socket) => void socket.end()).listen(otherPort, bridgeAddress);
      await once(other, 'listening');
      places.set('this machine', { namespace: '', pod: '', address: bridgeAddress });
      for (const name of clients) {
        fleet.cluster.kubectl('-n', name, 'wait', '--for=condition=Ready', 'pod/client', '--timeout=60s');
        await learn(name, `/api/v1/namespaces/${name}/pods`, name);
      }
      for (const component of ['ingress', 'worker', 'simulator']) {
        const selector = encodeURIComponent(`app.kubernetes.io/component=${component}`);
        await learn(component, `/api/v1/namespaces/${fleet.namespace}/pods?labelSelector=${selector}`, fleet.namespace);
      }
    });
    afterAll(async () => {
      other.close();
      await fleet.close();
    });

    async function learn(place: string, path: string, namespace: string): Promise<void> {
      const [pod] = podsSchema.parse(await fleet.cluster.get(path)).items;
      if (pod === undefined) throw new Error(`no pod of ${place}`);
      places.set(place, { namespace, pod: pod.metadata.name, address: pod.status.podIP });
    }

    it.each(cases)('judge what %s calls of %s on %i', (from, to, port, isLet) => {
      const [source, target] = [places.get(from), places.get(to)];
      const script =
        `const socket = require('net').connect(${port}, '${target?.address}');` +
        `socket.on('connect', () => { console.log(true); process.exit(); });` +
        `socket.on('error', () => { console.log('error'); process.exit(); });` +
        `setTimeout(() => { console.log(false); process.exit(); }, 3000);`;
      const args = ['-n', source?.namespace ?? '', 'exec', source?.pod ?? '', '--', 'node', '-e', script];
      expect(fleet.cluster.kubectl(...args).trim()).toBe(String(isLet));
    });

    it('allow whole requests of clients', async () => {
      const [source, target] = [places.get('web'), places.get('ingress')];
      const headers = { authorization: `Bearer ${fleet.apiKey}`, 'content-type': 'application/json' };
      const body = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] });
      const init = JSON.stringify({ method: 'POST', headers, body });
      const script =
        `fetch('http://${target?.address}:8080/v1/chat/completions', ${init})` +
        `.then(({ status }) => console.log(status))`;
      const args = ['-n', source?.namespace ?? '', 'exec', source?.pod ?? '', '--', 'node', '-e', script];
      expect(fleet.cluster.kubectl(...args).trim()).toBe('200');
    });
  },
);

const clientPod = `apiVersion: v1
kind: Pod
metadata: { name: client }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - { name: any, image: '${imageOf('simulator')}', imagePullPolicy: Never, command: [sleep, infinity] }
`;
