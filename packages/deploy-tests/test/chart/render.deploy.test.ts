import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { chartFolder, type Manifest, render, variantFile } from '../../src/chart/helm.ts';
import { accepted, type Deployment, deployment, find, variable } from '../../src/chart/manifests.ts';
import { isMissing } from '../../src/index.ts';
import { loadRendered } from './load-rendered.ts';

const variants = readdirSync(join(chartFolder, 'ci')).map((name) => name.replace('-values.yaml', ''));

let helm: string;
const manifestsOf = (variant: string, values: object = {}, release = 'rel'): readonly Manifest[] =>
  accepted(render(helm, { variant, values, release }));

describe.skipIf(isMissing('Helm, or Go to build it', canHaveHelm()))('the chart', () => {
  beforeAll(async () => {
    helm = await findHelm();
  });

  describe.each(variants)('with the values %s', (variant) => {
    it('passes lint', () => {
      const ran = spawnSync(helm, ['lint', chartFolder, '-f', variantFile(variant)], { encoding: 'utf8' });
      expect(ran.stderr + ran.stdout).not.toMatch(/\[ERROR\]|\[WARNING\]/);
      expect(ran.status).toBe(0);
    });

    it('gives each object a unique name and the labels of the release', () => {
      const manifests = manifestsOf(variant);
      const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(new Set(names).size).toBe(names.length);
      for (const { metadata } of manifests) expect(metadata.labels?.['app.kubernetes.io/instance']).toBe('rel');
    });

    it('writes a sluice.yaml that both services accept, with the variables of each', () => {
      const manifests = manifestsOf(variant);
      const [ingress, worker] = [loadRendered(manifests, 'ingress'), loadRendered(manifests, 'worker')];
      expect(ingress.models).toEqual(worker.models);
      expect(ingress.keys.length).toBeGreaterThan(0);
      expect([ingress.server.metricsPort, worker.worker.metricsPort]).toEqual([9463, 9464]);
    });

    it('gives both services the same pod, except names, ports, secrets and stop times', () => {
      const manifests = manifestsOf(variant);
      const comparable = (component: string): unknown => strip(deployment(manifests, `rel-sluice-${component}`));
      expect(comparable('worker')).toEqual(comparable('ingress'));
    });

    it('names everything after the release, for any name of the release', () => {
      const names = manifestsOf(variant, {}, 'my-gateway').map(({ metadata }) => metadata.name);
      expect(names.filter((name) => !name.startsWith('my-gateway'))).toEqual([]);
    });

    it('stops no pod before its longest answer has ended', () => {
      const manifests = manifestsOf(variant);
      const { limits, timeouts } = loadRendered(manifests);
      const longestMs = Math.max(timeouts.totalMs, timeouts.streamTotalMs);
      for (const [component, waitMs] of [
        ['ingress', limits.maxQueueWaitMs],
        ['worker', 0],
      ] as const) {
        const one = deployment(manifests, `rel-sluice-${component}`);
        const drainMs = Number(variable(one, 'DRAIN_TIMEOUT_MS'));
        const graceMs = (one.spec.template.spec.terminationGracePeriodSeconds ?? 0) * 1000;
        expect(drainMs).toBeGreaterThan(longestMs + waitMs);
        expect(graceMs).toBeGreaterThan(drainMs + 10_000);
      }
    });
  });

  it('gives the database to the ingresses alone; workers learn that there is one', () => {
    const manifests = manifestsOf('ha');
    const [ingress, worker] = ['ingress', 'worker'].map((name) => deployment(manifests, `rel-sluice-${name}`));
    expect(JSON.stringify(ingress)).toContain(
      '{"name":"DATABASE_URL","valueFrom":{"secretKeyRef":{"name":"sluice-database"',
    );
    expect(JSON.stringify(worker)).not.toContain('sluice-database');
    expect(loadRendered(manifests, 'worker').database?.url.reveal()).toBe('postgres://the-ingresses-have-it/records');
    expect(loadRendered(manifestsOf('all-off'), 'ingress').database).toBeUndefined();
  });

  it('prepares the database in a Job of each version', () => {
    const jobOf = (values: object): string | undefined =>
      manifestsOf('ha', values).find(({ kind }) => kind === 'Job')?.metadata.name;
    const names = [{}, { image: { tag: '9.9.9' } }].map((values) => jobOf(values));
    expect(names).toEqual([expect.stringMatching(/^rel-sluice-migrate-[0-9a-f]{8}$/), expect.any(String)]);
    expect(new Set(names).size).toBe(2);
    expect(jobOf({ ingress: { replicas: 5 } })).toBe(names[0]);
    expect(jobOf({ database: { migration: { enabled: false } } })).toBeUndefined();
    const { spec } = find(manifestsOf('ha'), 'Job');
    expect(JSON.stringify(spec)).toContain('/app/services/ingress/dist/migrate.js');
    expect(JSON.stringify(spec)).toContain('"name":"sluice-database"');
  });

  it('computes the longest answer of each retry mode as Sluice does', () => {
    for (const mode of ['default', 'fast', 'balanced', 'secure', 'linear']) {
      const manifests = manifestsOf('minimal', { config: { retry: { mode } } });
      const { totalMs, streamTotalMs } = loadRendered(manifests).timeouts;
      const worker = deployment(manifests, 'rel-sluice-worker');
      expect(variable(worker, 'DRAIN_TIMEOUT_MS')).toBe(String(Math.max(totalMs, streamTotalMs) + 5000));
    }
  });

  it('computes it from the time-outs of the settings', () => {
    const drain = (timeouts: object): string | undefined =>
      variable(deployment(manifestsOf('minimal', { config: { timeouts } }), 'rel-sluice-worker'), 'DRAIN_TIMEOUT_MS');
    expect(drain({ total_ms: 90_000 })).toBe('95000');
    expect(drain({ total_ms: 90_000, stream_total_ms: 1_800_001 })).toBe('1806000');
    expect(drain({ stream_total_ms: 60_000 })).toBe('605000');
  });

  it('leaves replicas out if an autoscaler sets them', () => {
    const replicas = (variant: string, component: string): number | undefined =>
      deployment(manifestsOf(variant), `rel-sluice-${component}`).spec.replicas;
    expect([replicas('ha', 'ingress'), replicas('ha', 'worker')]).toEqual([undefined, undefined]);
    expect([replicas('keda', 'ingress'), replicas('keda', 'worker')]).toEqual([2, undefined]);
  });

  it('keeps providers’ keys out of ingresses and clients’ keys out of workers', () => {
    const manifests = manifestsOf('ha');
    const sources = (component: string): readonly string[] =>
      deployment(manifests, `rel-sluice-${component}`).spec.template.spec.containers[0].env.flatMap(
        ({ name, valueFrom }) => (valueFrom === undefined ? [] : [name]),
      );
    expect(sources('ingress')).toContain('SLUICE_API_KEYS');
    expect(sources('ingress')).not.toContain('OPENAI_API_KEY');
    expect(sources('worker')).toContain('OPENAI_API_KEY');
    expect(sources('worker')).not.toContain('SLUICE_API_KEYS');
  });

  it('rolls the pods when the rendered settings change, and only then', () => {
    const checksum = (values: object): string | undefined =>
      deployment(manifestsOf('ha', values), 'rel-sluice-worker').spec.template.metadata.annotations['checksum/config'];
    const before = checksum({});
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(checksum({ worker: { hpa: { maxReplicas: 30 } } })).toBe(before);
    expect(checksum({ config: { limits: { queue_size: 7 } } })).not.toBe(before);
  });

  it.each([
    ['nginx', 'nginx.ingress.kubernetes.io/proxy-buffering', 'off'],
    ['nginx', 'nginx.ingress.kubernetes.io/proxy-read-timeout', '640'],
    ['nginx', 'nginx.ingress.kubernetes.io/proxy-next-upstream', 'error timeout'],
    ['envoy', 'projectcontour.io/response-timeout', 'infinity'],
    ['alb', 'alb.ingress.kubernetes.io/load-balancer-attributes', 'idle_timeout.timeout_seconds=640'],
  ])('lets streams through %s', (controller, annotation, value) => {
    const { metadata } = find(manifestsOf('ha', { expose: { ingress: { controller } } }), 'Ingress');
    expect(metadata['annotations']).toMatchObject({ [annotation]: value });
  });

  it('creates only the two services when all options are off', () => {
    expect(
      manifestsOf('all-off')
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`)
        .sort(),
    ).toEqual([
      'ConfigMap rel-sluice',
      'Deployment rel-sluice-ingress',
      'Deployment rel-sluice-worker',
      'Service rel-sluice-ingress',
      'Service rel-sluice-ingress-metrics',
      'Service rel-sluice-worker-metrics',
    ]);
  });

  it('renders extra objects as templates, mappings and texts alike', () => {
    const extra = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-one' } };
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ include "sluice.fullname" . }}-two }';
    const names = manifestsOf('minimal', { extraObjects: [extra, text] }).map(({ metadata }) => metadata.name);
    expect(names).toEqual(expect.arrayContaining(['rel-one', 'rel-sluice-two']));
  });
});

/** Returns the parts of a Deployment that must be the same in both services. */
function strip(given: Deployment): unknown {
  const { template, ...spec } = given.spec;
  const { containers, terminationGracePeriodSeconds: _grace, ...pod } = template.spec;
  const { env, ports: _ports, name: _name, image: _image, lifecycle: _lifecycle, ...container } = containers[0];
  const own = new Set(['SLUICE_API_KEYS', 'METRICS_PORT', 'DRAIN_TIMEOUT_MS']);
  const text = JSON.stringify({
    ...spec,
    replicas: undefined,
    pod,
    annotations: template.metadata.annotations,
    container,
    env: env.filter(({ name }) => !own.has(name)).map(({ name }) => name),
  });
  return JSON.parse(text.replaceAll(/\b(?:rel-sluice-)?(?:ingress|worker)\b/g, 'component'));
}
