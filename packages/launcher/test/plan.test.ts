import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { choosePorts, planServices, reachable } from '../src/plan.ts';
import type { Listener, Settings } from '../src/settings.ts';

const listener = (variable: Listener['variable'], host = '127.0.0.1'): Listener => ({
  variable,
  host,
  hostSetting: 'HOST',
  port: 1,
  isExplicit: false,
  drainTimeoutMs: 5,
});

const settings: Settings = {
  isDemo: true,
  ingress: listener('PORT'),
  ingressManagement: listener('METRICS_PORT'),
  worker: listener('METRICS_PORT'),
  simulator: listener('SIMULATOR_PORT'),
  hasClientKeys: false,
  isOpen: false,
  needsSecretKey: false,
  apiKey: undefined,
  model: 'demo',
  warnings: [],
  log: { level: 'info', retentionDays: 30 },
  logFileSetting: 'log.file',
  redis: { kind: 'url', url: undefined, setting: 'REDIS_URL' },
  database: { kind: 'own' },
};
const ports = { ingress: 8081, ingressManagement: 9466, worker: 9465, simulator: 9901 };
const needs = {
  env: {},
  settings,
  ports,
  redisUrl: 'redis://127.0.0.1:7000',
  databaseUrl: 'postgres://127.0.0.1:7001/sluice',
  newApiKey: 'sk-new',
  newSecretKey: undefined,
};

const envOf = (plans: ReturnType<typeof planServices>, name: string) => plans.find((plan) => plan.name === name)?.env;

test('starts simulator, worker and ingress in this order for a demo', () => {
  const plans = planServices(needs);
  expect(plans.map(({ name, url }) => [name, url])).toEqual([
    ['simulator', 'http://127.0.0.1:9901'],
    ['worker', 'http://127.0.0.1:9465'],
    ['ingress', 'http://127.0.0.1:8081'],
  ]);
  expect(envOf(plans, 'ingress')).toEqual({
    PORT: '8081',
    METRICS_PORT: '9466',
    SIMULATOR_PORT: '9901',
    REDIS_URL: 'redis://127.0.0.1:7000',
    DATABASE_URL: 'postgres://127.0.0.1:7001/sluice',
    SLUICE_API_KEYS: 'sk-new',
  });
  expect(envOf(plans, 'worker')).toMatchObject({ METRICS_PORT: '9465', SIMULATOR_PORT: '9901' });
});

test('leaves the host to the configuration, which has that of a profile', () => {
  const plans = planServices(needs);
  expect(envOf(plans, 'ingress')).not.toHaveProperty('HOST');
  expect(envOf(plans, 'simulator')).toMatchObject({ HOST: '127.0.0.1' });
});

test('passes a generated secret to ingress and worker', () => {
  const plans = planServices({ ...needs, newSecretKey: 'made' });
  for (const name of ['ingress', 'worker']) expect(envOf(plans, name)).toMatchObject({ SLUICE_SECRET_KEY: 'made' });
});

test('starts no simulator when upstreams are configured', () => {
  const plans = planServices({ ...needs, settings: { ...settings, isDemo: false } });
  expect(plans.map(({ name }) => name)).toEqual(['worker', 'ingress']);
  expect(envOf(plans, 'worker')).not.toHaveProperty('SIMULATOR_PORT');
});

test('needs no port for the simulator when upstreams are configured', async () => {
  const simulator = createServer();
  await new Promise<void>((resolve) => void simulator.listen(0, '127.0.0.1', resolve));
  const { port } = simulator.address() as { port: number };
  const onAnyPort = (variable: Listener['variable']): Listener => ({ ...listener(variable), port: 0 });
  const listeners = {
    ingress: onAnyPort('PORT'),
    ingressManagement: onAnyPort('METRICS_PORT'),
    worker: onAnyPort('METRICS_PORT'),
  };
  const taken = { ...listener('SIMULATOR_PORT'), port };
  try {
    for (const isExplicit of [true, false]) {
      const said: string[] = [];
      const wanted = { ...settings, ...listeners, simulator: { ...taken, isExplicit } };
      const demo = choosePorts(wanted, (text) => said.push(text));
      if (isExplicit) await expect(demo).rejects.toThrow(`SIMULATOR_PORT: port ${port} is in use`);
      else expect((await demo).simulator).toBeGreaterThan(port);
      said.length = 0;
      const chosen = await choosePorts({ ...wanted, isDemo: false }, (text) => said.push(text));
      expect([chosen.simulator, said]).toEqual([port, []]);
    }
  } finally {
    simulator.close();
  }
});

test('leaves Redis, the database and keys to the configuration when it has them', () => {
  const [, worker] = planServices({ ...needs, redisUrl: undefined, databaseUrl: undefined, newApiKey: undefined });
  expect(worker?.env).not.toHaveProperty('REDIS_URL');
  expect(worker?.env).not.toHaveProperty('DATABASE_URL');
  expect(worker?.env).not.toHaveProperty('SLUICE_API_KEYS');
});

test('passes the environment on, and keeps the simulator on loopback for any HOST', () => {
  const plans = planServices({ ...needs, env: { HOST: '0.0.0.0', LOG_LEVEL: 'debug' } });
  expect(envOf(plans, 'ingress')).toMatchObject({ HOST: '0.0.0.0', LOG_LEVEL: 'debug' });
  expect(envOf(plans, 'simulator')).toMatchObject({ HOST: '127.0.0.1' });
});

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::', '127.0.0.1'],
  ['::1', '[::1]'],
  ['box.example', 'box.example'],
])('a listener on %s is reached at %s', (host, url) => {
  expect(reachable(host)).toBe(url);
});
