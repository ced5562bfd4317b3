import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connect } from '@sluice/redis';
import { freePort, spawnService, startRedis, until } from '@sluice/testkit';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

const key = { SLUICE_API_KEYS: 'sk-test-boot-0001' };
const services = ['ingress', 'worker'] as const;

/** Returns the output of a service that fails to start. */
async function complaint(
  name: (typeof services)[number],
  options: { readonly config?: object; readonly env?: Record<string, string> },
): Promise<string> {
  const env = { REDIS_URL: inject('redisUrl'), ...key, ...options.env };
  const started = spawnService(name, { ...options, env });
  return await started.then(
    async (service) => {
      await service.stop();
      return 'it came up';
    },
    (error: unknown) => String(error),
  );
}

/** Expects exit code 1 and no stack trace. */
function expectPlain(said: string): void {
  expect(said).toMatch(/code 1|exit(?:ed)?.*1/i);
  expect(said).not.toMatch(/\n\s+at .*\.ts:\d+/);
}

describe.each(services)('the %s', (name) => {
  it('does not start with wrong settings, and says of all at once what is wanted', async () => {
    const said = await complaint(name, {
      config: { limits: { queue_size: 'many' }, limit: {} },
      env: { DRAIN_TIMEOUT_MS: 'soon', SLUICE_API_KEYS: '', REDIS_URL: 'localhost' },
    });
    expect(said).toMatch(/limits\.queue_size: must be a whole/);
    expect(said).toMatch(/limit: is not a setting; did you mean limits\?/);
    expect(said).toMatch(/DRAIN_TIMEOUT_MS: must be a whole number/);
    expect(said).toMatch(/keys: are missing, so that no client can call/);
    expect(said).toMatch(/REDIS_URL: must be a URL such as redis:/);
    expectPlain(said);
  });

  it('does not start without its configuration file, and names it', async () => {
    const said = await complaint(name, { env: { SLUICE_CONFIG: '/nowhere/sluice.yaml' } });
    expect(said).toMatch(/nowhere\/sluice\.yaml/);
    expectPlain(said);
  });

  it.each<[string, (url: string) => string, RegExp]>([
    ['a wrong password', (url) => url.replace('//', '//:wrong@'), /WRONGPASS.*REDIS_URL\.$/m],
    ['no password', (url) => url, /NOAUTH.*Set redis\.password/],
    ['a user that lacks a right', (url) => url.replace('//', '//ann:ann-secret@'), /NOPERM.*SECURITY\.md/],
    ['a database that does not exist', (url) => `${url.replace('//', '//:right@')}/99`, /no database.*redis\.url/],
  ])('does not start with %s for Redis, and says in one line what to correct', async (_, urlOf, words) => {
    const redis = await startRedis({ args: ['--requirepass', 'right'] });
    onTestFinished(() => redis.stop());
    const url = redis.url.replace('//', '//:right@');
    const settings = { kind: 'single', url } as const;
    const admin = connect({ settings, role: 'blocking', name: 'test', onError: () => undefined });
    onTestFinished(() => admin.disconnect());
    await admin.call('ACL', 'SETUSER', 'ann', 'on', '>ann-secret', '~*', '&*', '+@all', '-xadd', '-xread');
    const said = await complaint(name, { env: { REDIS_URL: urlOf(redis.url) } });
    expect(said).toMatch(words);
    expect(said).not.toMatch(/\n\s+at .*\.ts:\d+/);
    expect(said).not.toMatch(/\n\s+at .*ReplyError/);
  });

  it('does not start on a port that is in use, and names it', async () => {
    const taken = createServer();
    onTestFinished(() => void taken.close());
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    const { port } = taken.address() as AddressInfo;
    const place = name === 'ingress' ? { port } : { metricsPort: port };
    const env = { REDIS_URL: inject('redisUrl'), ...key };
    const said = await spawnService(name, { ...place, env }).then(String, String);
    expect(said).toContain(String(port));
    expect(said).toMatch(/in use/);
    expect(said).not.toMatch(/\n\s+at node:net/);
  });

  it('waits for a Redis that is not up yet', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    await redis.kill();
    const port = await freePort();
    const place = name === 'ingress' ? { port } : { metricsPort: port };
    const coming = spawnService(name, { ...place, env: { REDIS_URL: redis.url, ...key } });
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await fetch(`${url}/livez`)).status === 200, { what: 'the service to be live' });
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    await redis.restart();
    const service = await coming;
    onTestFinished(async () => void (await service.stop()));
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  });

  it('stops within its time when Redis is down', async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    const service = await spawnService(name, { env: { REDIS_URL: redis.url, ...key } });
    await redis.kill();
    await until(async () => (await fetch(`${service.url}/readyz`)).status === 503, {
      what: 'the service to be unready',
    });
    const toldAt = performance.now();
    service.kill('SIGTERM');
    expect(await service.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(15_000);
  });
});
