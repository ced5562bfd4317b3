import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { type Manifest, render } from '../../src/chart/helm.ts';
import { accepted, deployment, find } from '../../src/chart/manifests.ts';
import { isMissing, readRepositoryFile } from '../../src/index.ts';
import { loadRendered } from './load-rendered.ts';

const { appVersion } = z
  .object({ appVersion: z.string() })
  .parse(parse(readRepositoryFile('deploy/helm/sluice/Chart.yaml')));
let helm: string;
const manifestsOf = (variant: string, values: object = {}): readonly Manifest[] =>
  accepted(render(helm, { variant, values }));

describe.skipIf(isMissing('Helm, or Go to build it', canHaveHelm()))('values that follow from others', () => {
  beforeAll(async () => {
    helm = await findHelm();
  });

  it('keeps connections for longer than Envoy and an ALB do', () => {
    const keepAliveMs = (variant: string, values: object = {}): number =>
      loadRendered(manifestsOf(variant, values)).server.keepAliveMs;
    const alb = { expose: { ingress: { controller: 'alb' } } };
    expect(keepAliveMs('gateway-api')).toBe(3_620_000);
    expect(keepAliveMs('ha')).toBe(620_000);
    expect(keepAliveMs('ha', alb)).toBe(660_000);
    expect(keepAliveMs('ha', { ...alb, config: { timeouts: { total_ms: 7_200_000 } } })).toBe(4_020_000);
    expect(keepAliveMs('ha', { ...alb, config: { server: { keep_alive_ms: 700_000 } } })).toBe(700_000);
  });

  it('lets requests in until a balancer has noticed the stop, later where it belongs to a cloud', () => {
    const preStop = (values: object): unknown => {
      const [container] = deployment(manifestsOf('ha', values), 'rel-sluice-ingress').spec.template.spec.containers;
      return container['lifecycle'];
    };
    const sleep = (seconds: number): object => ({ preStop: { sleep: { seconds } } });
    expect(preStop({})).toEqual(sleep(15));
    expect(preStop({ expose: { ingress: { controller: 'alb' } } })).toEqual(sleep(20));
    expect(preStop({ ingress: { service: { type: 'LoadBalancer' } } })).toEqual(sleep(20));
    expect(preStop({ drain: { preStopSeconds: 7 } })).toEqual(sleep(7));
  });

  it('admits as many requests as the largest number of workers runs at its target', () => {
    const requests = (variant: string, values: object = {}): number =>
      loadRendered(manifestsOf(variant, values)).limits.maxConcurrentRequests;
    expect(requests('redis-cluster-tls')).toBe(20 * 280);
    expect(requests('keda')).toBe(30 * 140);
    expect(requests('ha')).toBe(12 * 280);
    const hpa = { enabled: true, maxReplicas: 5, activeJobs: 100 };
    expect(requests('gateway-api', { worker: { hpa } })).toBe(5 * 100);
    expect(requests('gateway-api', { worker: { hpa: { ...hpa, activeJobs: null } } })).toBe(1000);
    expect(requests('all-off')).toBe(400);
    expect(requests('gateway-api', { config: { limits: { max_concurrent_requests: 77 } } })).toBe(77);
  });

  it('reads the memory at which an ingress refuses requests from the limit of its pod', () => {
    const bytes = (values: object): number | undefined =>
      loadRendered(manifestsOf('minimal', values), 'ingress').server.memoryLimitBytes;
    const limit = (memory: string | number): object => ({ ingress: { resources: { limits: { memory } } } });
    expect(bytes({})).toBe(512 * 1024 * 1024);
    expect(bytes(limit('1.5G'))).toBe(750_000_000);
    expect(bytes(limit(2_000_000_000))).toBe(1_000_000_000);
    expect(bytes({ config: { server: { memory_limit_bytes: 200_000_000 } } })).toBe(200_000_000);
  });

  it('bounds Valkey’s memory below the limit of its pod', () => {
    const settings = (valkey: object): string =>
      JSON.stringify(find(manifestsOf('minimal', { valkey }), 'ConfigMap', 'rel-sluice-valkey')['data']);
    expect(settings({})).toContain(String.raw`\nmaxmemory 751619276\n`);
    expect(settings({ resources: { limits: { memory: '4Gi' } } })).toContain(String.raw`\nmaxmemory 3006477107\n`);
    const own = settings({ config: 'maxmemory 100mb\nmaxmemory-policy noeviction\n' });
    expect(own.match(/maxmemory /g)).toHaveLength(1);
  });

  it('takes images by digest', () => {
    const digest = `sha256:${'0a'.repeat(32)}`;
    const manifests = manifestsOf('ha', { worker: { image: { digest } } });
    const image = (component: string): string =>
      deployment(manifests, `rel-sluice-${component}`).spec.template.spec.containers[0].image;
    expect(image('worker')).toBe(`ghcr.io/acme/sluice/worker@${digest}`);
    expect(image('ingress')).toBe(`ghcr.io/acme/sluice/ingress:${appVersion}`);
  });

  it('tests the first model that is not a pattern', () => {
    const model = (variant: string, values: object = {}): string | undefined =>
      /"MODEL","value":"([^"]*)"/.exec(JSON.stringify(find(manifestsOf(variant, values), 'Pod')['spec']))?.[1];
    const target = { targets: [{ upstream: 'openai' }] };
    const models = ['gpt-*', 'o[13]', '{a,b}', 'gpt-?', 'gpt-5', 'gpt-6'].map((id) => ({ id, ...target }));
    expect(model('ha', { config: { models } })).toBe('gpt-5');
    expect(model('minimal')).toBe('demo');
    expect(model('gateway-api')).toBe('claude-sonnet-4-5');
  });
});
