import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startRedisContainer } from '../../src/redis/redis-container.ts';

/** Returns the answer of an engine without images; undefined for no answer. */
let imageAnswer: string | undefined;
const engine = createServer((request, response) => {
  const isAboutEngine = request.url?.includes('/info') === true;
  const answer = isAboutEngine ? '{"OperatingSystem":"test"}' : imageAnswer;
  if (answer !== undefined)
    response.writeHead(isAboutEngine ? 200 : 404, { 'content-type': 'application/json' }).end(answer);
});

beforeAll(async () => {
  engine.listen(0, '127.0.0.1');
  await once(engine, 'listening');
  vi.stubEnv('DOCKER_HOST', `tcp://127.0.0.1:${(engine.address() as AddressInfo).port}`);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  engine.close();
  engine.closeAllConnections();
  await once(engine, 'close');
});

test('returns the reason why an engine fails to start Redis', async () => {
  imageAnswer = '{"message":"no such image:\\n redis"}';
  expect(await startRedisContainer({ timeoutMs: 10_000 })).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('no such image: redis') as string,
  });
});

test('waits for an engine only until the time-out', async () => {
  imageAnswer = undefined;
  expect(await startRedisContainer({ timeoutMs: 200 })).toEqual({
    kind: 'failed',
    reason: 'no result after 0.2 s',
  });
});
