import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { type Manifest, render } from '../../src/chart/helm.ts';
import { accepted, find } from '../../src/chart/manifests.ts';
import { isMissing } from '../../src/index.ts';
import { loadRendered } from './load-rendered.ts';

let helm: string;
const manifestsOf = (variant: string, values: object = {}): readonly Manifest[] =>
  accepted(render(helm, { variant, values }));

describe.skipIf(isMissing('Helm, or Go to build it', canHaveHelm()))('the chart, about Redis and KEDA', () => {
  beforeAll(async () => {
    helm = await findHelm();
  });

  it('gives KEDA the sum of waiting and running jobs over all shards', () => {
    const { spec } = find(manifestsOf('keda', { config: { queue: { shards: 3 } } }), 'ScaledObject');
    expect(spec).toMatchObject({
      minReplicaCount: 2,
      advanced: {
        scalingModifiers: {
          formula: 'q0_wait + q0_active + q1_wait + q1_active + q2_wait + q2_active',
          target: '140',
          metricType: 'AverageValue',
        },
      },
    });
  });

  it('queries Prometheus for the maximum of the replicas’ equal gauges', () => {
    const { spec } = find(manifestsOf('redis-cluster-tls'), 'ScaledObject');
    expect(spec).toMatchObject({
      triggers: [
        {
          type: 'prometheus',
          metadata: {
            query:
              'sum(max by (queue, state) (sluice_queue_jobs{state=~"active|waiting",namespace="ns",service="rel-sluice-ingress-metrics"}))',
            threshold: '280',
          },
        },
      ],
    });
  });

  it('gives KEDA the password of the chart’s own server', () => {
    const auth = { redis: { auth: { existingSecret: 's' } }, worker: { keda: { enabled: true, trigger: 'redis' } } };
    const { spec } = find(manifestsOf('minimal', auth), 'TriggerAuthentication');
    expect(spec).toEqual({ secretTargetRef: [{ parameter: 'password', name: 's', key: 'ingress-password' }] });
    expect(find(manifestsOf('keda'), 'TriggerAuthentication')['spec']).toEqual({
      secretTargetRef: [{ parameter: 'password', name: 'sluice-redis', key: 'keda-password' }],
    });
  });

  it.each([
    ['redis://r.data', { address: 'r.data:6379' }],
    ['redis://10.0.0.5/3', { address: '10.0.0.5:6379', databaseIndex: '3' }],
    ['rediss://r.data:6380', { address: 'r.data:6380', enableTLS: 'true' }],
    ['rediss://[fd00::1]', { address: '[fd00::1]:6379', enableTLS: 'true' }],
  ])('leads KEDA to %s', (url, metadata) => {
    const { spec } = find(manifestsOf('keda', { redis: { url } }), 'ScaledObject');
    expect(spec).toMatchObject({ triggers: Array.from({ length: 4 }, () => ({ metadata })) });
  });

  it('uses the certificates of a URL with TLS, in both services and in KEDA', () => {
    const tls = { existingSecret: 'certificates', certKey: 'tls.crt', keyKey: 'tls.key' };
    const manifests = manifestsOf('keda', { redis: { url: 'rediss://r.data', tls } });
    const settings = JSON.stringify(find(manifests, 'ConfigMap', 'rel-sluice')['data']);
    expect(settings).toContain('ca: /etc/sluice/redis-tls/ca.crt');
    const { spec } = find(manifests, 'TriggerAuthentication');
    const refs = ['ca', 'cert', 'key'].map((parameter) => expect.objectContaining({ parameter, name: 'certificates' }));
    expect(spec).toEqual({ secretTargetRef: [expect.objectContaining({ parameter: 'password' }), ...refs] });
  });

  it('takes a URL with TLS alone', () => {
    expect(loadRendered(manifestsOf('keda', { redis: { url: 'rediss://r.data' } })).redis).toMatchObject({ tls: {} });
  });

  it('gives the sentinels their own user and password, KEDA too', () => {
    const sentinel = { username: 'sentinel-user', passwordKey: 'sentinel-password' };
    const manifests = manifestsOf('ha', {
      redis: { auth: { sentinel } },
      worker: { hpa: { enabled: false }, keda: { enabled: true, trigger: 'redis' } },
    });
    expect(JSON.stringify(loadRendered(manifests).redis)).toContain('sentinel-user');
    expect(find(manifests, 'ScaledObject')['spec']).toMatchObject({
      triggers: Array.from({ length: 2 }, () => ({ metadata: { sentinelUsername: 'sentinel-user' } })),
    });
    expect(find(manifests, 'TriggerAuthentication')['spec']).toMatchObject({
      secretTargetRef: [{ parameter: 'password' }, { parameter: 'sentinelPassword', key: 'sentinel-password' }],
    });
  });
});
