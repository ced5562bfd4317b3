import { beforeAll, describe, expect, it } from 'vitest';
import { canHaveHelm, findHelm } from '../../src/chart/find-helm.ts';
import { render } from '../../src/chart/helm.ts';
import { isMissing } from '../../src/index.ts';

/** Settings of an upstream with a secret in plain text, and the place that the refusal names. */
const plainSecrets: readonly (readonly [setting: object, named: string])[] = [
  [{ credentials: [{ id: 'a', api_key: '${KEY:-sk-live}' }] }, 'api_key'],
  [{ headers: { authorization: 'Bearer sk-live' } }, 'headers.authorization'],
  [{ headers: { 'X-Api-Key': '$${KEY}' } }, 'headers.X-Api-Key'],
  [{ options: { headers: { 'api-key': 'k' } } }, 'options.headers.api-key'],
  [{ options: { oauth_client_secret: 's' } }, 'options.oauth_client_secret'],
  [{ options: { signing_key: 's' } }, 'options.signing_key'],
  [{ proxy: 'http://user:pass@proxy:3128' }, 'proxy'],
  [{ proxy: '${PROXY:-http://user:pass@proxy:3128}' }, 'proxy'],
];

/** Values in addition to those of a variant, and the words of the refusal that name the necessary change. */
const contradictions: readonly (readonly [what: string, variant: string, values: object, says: string])[] = [
  ['an HPA beside KEDA', 'keda', { worker: { hpa: { enabled: true } } }, 'Set one of them to enabled: false.'],
  ['fewer pods at most than at least', 'ha', { ingress: { hpa: { maxReplicas: 2 } } }, 'Set maxReplicas to 3 or more.'],
  ['the same of KEDA', 'keda', { worker: { keda: { maxReplicas: 1 } } }, 'Set maxReplicas to 2 or more.'],
  ['an HPA on nothing', 'ha', { ingress: { hpa: { openStreams: null, cpu: null } } }, 'Set ingress.hpa.cpu'],
  ['a share of no CPU', 'ha', { worker: { resources: { requests: { cpu: null } } } }, 'worker.resources.requests.cpu'],
  ['a budget with both bounds', 'ha', { ingress: { pdb: { maxUnavailable: 1 } } }, 'Set the other to null.'],
  [
    'two databases',
    'ha',
    { database: { url: 'postgres://h/records' } },
    'there is one database, and database.existingSecret and database.url each name one.',
  ],
  [
    'a password of the database in clear',
    'minimal',
    { database: { url: 'postgres://u:secret@h/records' } },
    'Put the URL into a Secret (database.existingSecret).',
  ],
  [
    'a database in the settings',
    'minimal',
    { config: { database: { url: 'postgres://h/records' } } },
    'Move it there.',
  ],
  [
    'policies without the port of the database',
    'ha',
    { networkPolicy: { databasePorts: [] } },
    'Set networkPolicy.databasePorts.',
  ],
  ['a drain below the longest answer', 'minimal', { worker: { drainTimeoutSeconds: 120 } }, 'Set it to null or to 605'],
  [
    'a grace period below the drain',
    'minimal',
    { ingress: { terminationGracePeriodSeconds: 600 } },
    'Kubernetes would kill the pod while it drains. Set it to null or to 785 and more.',
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
  [
    'KEDA that can’t start one more worker',
    'keda',
    { config: { limits: { max_concurrent_requests: 280 } } },
    'Leave config.limits.max_concurrent_requests out, or set it to 4200',
  ],
  [
    'KEDA on metrics that no Prometheus scrapes',
    'redis-cluster-tls',
    { metrics: { serviceMonitor: { enabled: false } } },
    'worker.keda.prometheus.selector',
  ],
  [
    'KEDA on metrics that no client may read',
    'redis-cluster-tls',
    { networkPolicy: { metricsFrom: [] } },
    'Set networkPolicy.metricsFrom',
  ],
  [
    'KEDA kept away from the keys that it reads',
    'minimal',
    { networkPolicy: { enabled: true }, worker: { keda: { enabled: true, trigger: 'redis' } } },
    'Set networkPolicy.redisFrom',
  ],
  ['images of any owner of their name', 'minimal', { image: { pullPolicy: 'Always' } }, 'Set image.registry to where'],
  [
    'a server without a password',
    'all-off',
    { redis: { url: '' }, valkey: { enabled: true } },
    'Set redis.auth.existingSecret; only a demo',
  ],
  [
    'a server that grows until it is killed',
    'minimal',
    { valkey: { resources: { limits: { memory: null } } } },
    'or maxmemory in valkey.config',
  ],
  [
    'an ingress that is killed before it is full',
    'minimal',
    { config: { server: { memory_limit_bytes: 800_000_000 } } },
    'Set ingress.resources.limits.memory to 1333333334 or more',
  ],
  [
    'a limit that can’t be read',
    'minimal',
    { ingress: { resources: { limits: { memory: '1E' } } } },
    'ingress.resources.limits.memory is 1E',
  ],
  ['certificates without TLS', 'keda', { redis: { tls: { existingSecret: 's' } } }, 'Set redis.tls.enabled'],
  [
    'a user of the sentinels without a password',
    'ha',
    { redis: { auth: { sentinel: { username: 'u' } } } },
    'redis.auth.sentinel needs passwordKey',
  ],
  [
    'ports of Redis that a policy can’t know',
    'gateway-api',
    { networkPolicy: { enabled: true } },
    'Set networkPolicy.redisPorts.',
  ],
  ['a test without a model', 'gateway-api', { tests: { model: '' } }, 'Set tests.model'],
  [
    'a test without a key',
    'ha',
    { clientKeys: { existingSecret: '' }, config: { keys: [{ key_hash: 'a'.repeat(64) }] } },
    'Set tests.existingSecret',
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
    'bodies without a secret',
    'all-off',
    { config: { records: { log_bodies: true } }, database: { url: 'postgres://h/records' } },
    'Set secretKey.existingSecret.',
  ],
  [
    'bodies without a database',
    'all-off',
    { config: { records: { log_bodies: true } }, secretKey: { existingSecret: 's' } },
    'Set database.existingSecret or database.url.',
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

    it.each(plainSecrets)('the plain secret in %j', (setting, named) => {
      const upstream = { id: 'local', type: 'openai', base_url: 'http://local/v1', ...setting };
      const rendered = render(helm, { variant: 'all-off', values: { config: { upstreams: [upstream] } } });
      const message = rendered.ok ? 'it rendered' : rendered.message;
      expect(message).toContain(named);
      expect(message).toContain('in plain text, in a ConfigMap. Write ${NAME}');
    });

    it('but secrets by the names of variables are rendered', () => {
      const upstream = {
        id: 'local',
        type: 'openai',
        base_url: 'http://local/v1',
        credentials: [{ id: 'a', api_key: '${KEY}' }],
        headers: { authorization: 'Bearer ${KEY}', 'x-auth-token': '${TOKEN:-}', 'x-region': 'eu' },
        proxy: 'http://user:${PASSWORD}@proxy:3128',
      };
      const rendered = render(helm, { variant: 'all-off', values: { config: { upstreams: [upstream] } } });
      expect(rendered.ok || rendered.message).toBe(true);
    });

    it('but images of the nodes’ own, and of a registry in their name, are rendered', () => {
      const image = (name: string): object => ({ image: { repository: `ghcr.io/acme/${name}` } });
      const named = { ingress: image('ingress'), worker: image('worker'), demo: image('simulator') };
      const values = { image: { pullPolicy: 'IfNotPresent' }, ...named };
      expect(render(helm, { variant: 'minimal', values }).ok).toBe(true);
      expect(render(helm, { variant: 'minimal' }).ok).toBe(true);
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
