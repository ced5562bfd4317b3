import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { render } from '../../src/chart/helm.ts';
import { isMissing } from '../../src/index.ts';

/** Values in addition to those of a variant, and the words of the refusal that name the necessary change. */
const contradictions: readonly (readonly [what: string, variant: string, values: object, says: string])[] = [
  ['an HPA beside KEDA', 'keda', { worker: { hpa: { enabled: true } } }, 'Set one of them to enabled: false.'],
  ['fewer pods at most than at least', 'ha', { ingress: { hpa: { maxReplicas: 2 } } }, 'Set maxReplicas to 3 or more.'],
  ['the same of KEDA', 'keda', { worker: { keda: { maxReplicas: 1 } } }, 'Set maxReplicas to 2 or more.'],
  ['an HPA on nothing', 'ha', { ingress: { hpa: { openStreams: null, cpu: null } } }, 'Set ingress.hpa.cpu'],
  ['a share of no CPU', 'ha', { worker: { resources: { requests: { cpu: null } } } }, 'worker.resources.requests.cpu'],
  ['a budget with both bounds', 'ha', { ingress: { pdb: { maxUnavailable: 1 } } }, 'Set the other to null.'],
  ['a drain below the longest answer', 'minimal', { worker: { drainTimeoutSeconds: 120 } }, 'Set it to null or to 605'],
  [
    'a grace period below the drain',
    'minimal',
    { ingress: { terminationGracePeriodSeconds: 600 } },
    'Kubernetes would kill the pod while it drains. Set it to null or to 775 and more.',
  ],
  [
    'a time-out that is a text',
    'minimal',
    { config: { timeouts: { total_ms: '${T}' } } },
    'drain.longestAnswerSeconds',
  ],
  [
    'KEDA without Prometheus',
    'minimal',
    { worker: { keda: { enabled: true } } },
    'worker.keda.prometheus.serverAddress',
  ],
  [
    'KEDA on a Redis in a Secret',
    'gateway-api',
    { worker: { keda: { enabled: true, trigger: 'redis' } } },
    'Set redis.url, with the password in redis.auth',
  ],
  ['no Redis', 'minimal', { valkey: { enabled: false } }, 'Set one of redis.url, redis.urlSecret.name'],
  ['two of them', 'minimal', { redis: { url: 'redis://redis:6379' } }, 'valkey.enabled and redis.url each name one'],
  [
    'sentinels without a master',
    'all-off',
    { redis: { url: '', sentinel: { nodes: ['s:26379'] } } },
    'both name and nodes',
  ],
  ['a password in a ConfigMap', 'all-off', { redis: { url: 'redis://u:p@redis:6379' } }, 'Put the URL into a Secret'],
  ['half a client certificate', 'redis-cluster-tls', { redis: { tls: { keyKey: '' } } }, 'needs both'],
  ['TLS to a plain URL', 'all-off', { redis: { tls: { enabled: true } } }, 'Write rediss://.'],
  ['the chart’s block in config', 'minimal', { config: { redis: { url: 'redis://r' } } }, 'Move it there.'],
  ['a port of the chart in config', 'minimal', { config: { server: { port: 1 } } }, 'config.server.port is the chart'],
  ['a demo beside providers', 'ha', { demo: { enabled: true } }, 'leave out config.upstreams and config.models'],
  ['a demo without a key', 'minimal', { demo: { clientKey: '' } }, 'Set demo.clientKey'],
  ['a demo’s key without a demo', 'ha', { demo: { clientKey: 'sk-demo-key' } }, 'Put client keys into a Secret'],
  ['no provider', 'all-off', { config: { upstreams: [] } }, 'Set config.upstreams and config.models'],
  ['no client key', 'all-off', { clientKeys: { existingSecret: '' } }, 'Set clientKeys.existingSecret'],
  ['a client key in plain text', 'ha', { config: { keys: [{ key: 'sk-in-the-open' }] } }, 'as key_hash'],
  [
    'a provider’s key in plain text',
    'all-off',
    { config: { upstreams: [{ id: 'local', type: 'ollama', credentials: [{ id: 'a', api_key: 'k' }] }] } },
    'Write ${NAME}, with NAME in providerKeys.',
  ],
  [
    'tokens without a secret',
    'all-off',
    { config: { upstreams: [{ id: 'local', type: 'iflow', credentials: [{ id: 'a', oauth_file: '/x' }] }] } },
    'Set secretKey.existingSecret.',
  ],
  [
    'provider keys without names',
    'all-off',
    { providerKeys: { existingSecret: 's' } },
    'both existingSecret and names',
  ],
  ['an Ingress without a host', 'all-off', { expose: { ingress: { enabled: true } } }, 'Set expose.ingress.hosts.'],
  ['a route without a gateway', 'all-off', { expose: { httpRoute: { enabled: true } } }, 'expose.httpRoute.parentRefs'],
  ['metrics that no source may read', 'ha', { networkPolicy: { metricsFrom: [] } }, 'Set networkPolicy.metricsFrom'],
];

describe.skipIf(isMissing('Helm, or Go to build it', canHaveHelm()))(
  'the chart refuses, and says what to change:',
  () => {
    let helm: string;
    beforeAll(async () => {
      helm = await findHelm();
    });

    it.each(contradictions)('%s', (_, variant, values, says) => {
      const rendered = render(helm, { variant, values });
      expect(rendered.ok ? 'it rendered' : rendered.message).toContain(says);
    });

    it.each([
      ['a typo in a value', { wroker: {} }, 'wroker'],
      ['a typo in a component', { worker: { keda: { triger: 'redis' } } }, 'triger'],
      ['a typo in Sluice’s settings', { config: { limits: { queue_sise: 1 } } }, 'queue_sise'],
    ])('%s', (_, values, named) => {
      const rendered = render(helm, { variant: 'minimal', values });
      expect(rendered.ok ? 'it rendered' : rendered.message).toContain(named);
    });

    it('several at once, in one message', () => {
      const values = { valkey: { enabled: false }, demo: { clientKey: '' } };
      const rendered = render(helm, { variant: 'minimal', values });
      expect(rendered.ok ? [] : rendered.message.match(/^- .+/gm)?.length).toBe(2);
    });

    it('but a short drain that the values allow is rendered', () => {
      const values = { drain: { mayCutAnswers: true }, worker: { drainTimeoutSeconds: 30 } };
      expect(render(helm, { variant: 'minimal', values }).ok).toBe(true);
    });
  },
);
