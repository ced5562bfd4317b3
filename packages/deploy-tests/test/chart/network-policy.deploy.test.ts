import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { type Manifest, render } from '../../src/chart/helm.ts';
import { accepted } from '../../src/chart/manifests.ts';
import { letsThrough, type Side } from '../../src/chart/network-policy.ts';
import { isMissing } from '../../src/index.ts';

const pod = (component: string, portNames: Record<string, string> = {}): Side => ({
  kind: 'pod',
  namespace: 'ns',
  portNames,
  labels: {
    'app.kubernetes.io/name': 'sluice',
    'app.kubernetes.io/instance': 'rel',
    'app.kubernetes.io/component': component,
  },
});
const elsewhere = (namespace: string, name = 'any'): Side => ({ kind: 'pod', namespace, labels: { app: name } });
const outside = (address: string): Side => ({ kind: 'outside', address });

const ingress = pod('ingress', { http: '8080', management: '9463' });
const worker = pod('worker', { management: '9464' });
const migration = pod('migration');
const simulator = pod('simulator', { simulator: '9900' });
const valkey = pod('valkey', { valkey: '6379' });

type Case = readonly [what: string, from: Side, to: Side, port: number, isLet: boolean];

const ofProduction: readonly Case[] = [
  ['a client', elsewhere('web'), ingress, 8080, true],
  ['a load balancer outside of the cluster', outside('192.0.2.7'), ingress, 8080, true],
  ['Prometheus to an ingress', elsewhere('monitoring'), ingress, 9463, true],
  ['Prometheus to a worker', elsewhere('monitoring'), worker, 9464, true],
  ['a client that wants the metrics', elsewhere('web'), ingress, 9463, false],
  ['a client to a worker', elsewhere('web'), worker, 9464, false],
  ['an ingress to a worker', ingress, worker, 9464, false],
  ['an ingress to a sentinel', ingress, elsewhere('data'), 26_379, true],
  ['a worker to the master', worker, elsewhere('data'), 6379, true],
  ['an ingress to another port there', ingress, elsewhere('data'), 22, false],
  ['an ingress to the database', ingress, elsewhere('data'), 5432, true],
  ['a worker to the database', worker, elsewhere('data'), 5432, false],
  ['the migration to the database', migration, elsewhere('data'), 5432, true],
  ['the migration to Redis', migration, elsewhere('data'), 6379, false],
  ['a client to the migration', elsewhere('web'), migration, 8080, false],
  ['an ingress to the collector', ingress, elsewhere('monitoring'), 4318, true],
  ['a worker to a provider', worker, outside('93.184.216.34'), 443, true],
  ['a worker to a provider by IPv6', worker, outside('2606:2800:220:1::1'), 443, true],
  ['an ingress to a provider', ingress, outside('93.184.216.34'), 443, false],
  ['a worker to another port of the internet', worker, outside('93.184.216.34'), 25, false],
  ['a worker to the cloud’s metadata', worker, outside('169.254.169.254'), 443, false],
  ['a worker to the private network', worker, outside('10.1.2.3'), 443, false],
  ['a worker to the private network by IPv6', worker, outside('fd00::1'), 443, false],
  ['a worker to the API server’s pods', worker, elsewhere('kube-system'), 443, false],
];

const ofDemo: readonly Case[] = [
  ['a worker to the simulator', worker, simulator, 9900, true],
  ['an ingress to the simulator', ingress, simulator, 9900, false],
  ['a client to the simulator', elsewhere('web'), simulator, 9900, false],
  ['a worker to the internet', worker, outside('93.184.216.34'), 443, false],
  ['a worker to Valkey', worker, valkey, 6379, true],
  ['a client to Valkey', elsewhere('web'), valkey, 6379, false],
  ['Valkey to the internet', valkey, outside('93.184.216.34'), 443, false],
  ['an ingress to a database', ingress, elsewhere('data'), 5432, false],
  ['a worker to another Redis', worker, elsewhere('data'), 6379, false],
  ['the simulator to anybody', simulator, outside('93.184.216.34'), 443, false],
];

describe.skipIf(isMissing('Helm, or Go to build it', canHaveHelm()))('the network policies', () => {
  let production: readonly Manifest[];
  let demo: readonly Manifest[];
  let picky: readonly Manifest[];

  beforeAll(async () => {
    const helm = await findHelm();
    const from = (variant: string, networkPolicy: object): readonly Manifest[] =>
      accepted(render(helm, { variant, values: { networkPolicy: { enabled: true, ...networkPolicy } } }));
    production = from('ha', {});
    demo = from('minimal', {});
    picky = from('minimal', {
      clientsFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'web' } } }],
    });
  });

  it.each(ofProduction)('judge %s', (_, from, to, port, isLet) => {
    expect(letsThrough(production, 'ns', { from, to, port })).toBe(isLet);
  });

  it.each(ofDemo)('of a trial judge %s', (_, from, to, port, isLet) => {
    expect(letsThrough(demo, 'ns', { from, to, port })).toBe(isLet);
  });

  it.each([ingress, worker])('allow DNS in kube-system only', (from) => {
    const ask = (to: Side): boolean => letsThrough(production, 'ns', { from, to, port: 53, protocol: 'UDP' });
    expect([ask(elsewhere('kube-system')), ask(elsewhere('web')), ask(outside('8.8.8.8'))]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ['http://collector.data:4318', 4318],
    ['https://otlp.example.com', 443],
    ['http://10.0.0.5', 80],
  ])('open the port of the collector %s', async (endpoint, port) => {
    const helm = await findHelm();
    const values = { networkPolicy: { enabled: true }, tracing: { endpoint } };
    const manifests = accepted(render(helm, { variant: 'minimal', values }));
    const isLet = (one: number): boolean =>
      letsThrough(manifests, 'ns', { from: ingress, to: elsewhere('data'), port: one });
    expect([80, 443, 4318].filter(isLet)).toEqual([port]);
  });

  it('open the default port of a Redis at an address without one', async () => {
    const helm = await findHelm();
    const values = { networkPolicy: { enabled: true }, redis: { url: 'redis://10.0.0.5' } };
    const manifests = accepted(render(helm, { variant: 'all-off', values }));
    const isLet = (one: number): boolean =>
      letsThrough(manifests, 'ns', { from: worker, to: elsewhere('data'), port: one });
    expect([5, 6379].filter(isLet)).toEqual([6379]);
  });

  it('open the port in the URL of the database', async () => {
    const helm = await findHelm();
    const values = { networkPolicy: { enabled: true }, database: { url: 'postgres://sluice@10.0.0.5:6432/sluice' } };
    const manifests = accepted(render(helm, { variant: 'minimal', values }));
    const isLet = (one: number): boolean =>
      letsThrough(manifests, 'ns', { from: ingress, to: outside('10.0.0.5'), port: one });
    expect([5432, 6432].filter(isLet)).toEqual([6432]);
  });

  it('allow the listed clients and the pod of helm test only', () => {
    const ask = (from: Side): boolean => letsThrough(picky, 'ns', { from, to: ingress, port: 8080 });
    expect([ask(elsewhere('web')), ask(pod('test')), ask(elsewhere('other'))]).toEqual([true, true, false]);
  });
});
