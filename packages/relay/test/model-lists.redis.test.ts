import { connect, createKeys } from '@sluice/redis';
import { createModelListReader, createModelListWriter } from '@sluice/relay';
import { redisTest } from '@sluice/testkit';
import { describe, expect, onTestFinished } from 'vitest';

const upstream = { id: 'sim', type: 'openai', baseUrl: 'http://sim/v1' };

function setUp(redisUrl: string, keyPrefix: string) {
  const connection = connect({
    settings: { kind: 'single', url: redisUrl },
    role: 'command',
    name: 'test',
    onError: () => undefined,
  });
  onTestFinished(() => connection.disconnect());
  const keys = createKeys(keyPrefix);
  const needs = { connection, keys };
  return { connection, keys, reader: createModelListReader(needs), writer: createModelListWriter(needs) };
}

describe('the list of an upstream’s models', () => {
  redisTest('is wanted for a while after the signal of an ingress', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, reader, writer } = setUp(redisUrl, keyPrefix);
    expect(await writer.isWanted()).toBe(false);
    await reader.want();
    expect(await writer.isWanted()).toBe(true);
    expect(await connection.pttl(keys.modelsWanted)).toBeGreaterThan(60_000);
  });

  redisTest('is requested by one worker, and again only once it is old', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, writer } = setUp(redisUrl, keyPrefix);
    const may = await Promise.all([1, 2, 3].map(() => writer.mayAsk(upstream)));
    expect(may.filter(Boolean)).toHaveLength(1);
    await writer.told(upstream, ['a']);
    expect(await writer.mayAsk(upstream)).toBe(false);
    const freshMs = await connection.pttl(keys.modelsAsked(upstream));
    expect(freshMs).toBeGreaterThan(60_000);
    expect(await connection.pttl(keys.modelNames(upstream))).toBeGreaterThan(freshMs);
  });

  redisTest('reaches the ingresses without unusable names', async ({ redisUrl, keyPrefix }) => {
    const { reader, writer } = setUp(redisUrl, keyPrefix);
    expect(await reader.read(upstream)).toBeUndefined();
    await writer.told(upstream, ['b', 'a', 'b', 'with space', '', 'line\u0007', 'x'.repeat(201)]);
    expect(await reader.read(upstream)).toEqual(['b', 'a']);
  });

  redisTest('stays when a later query fails, and is empty after a first failure', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, reader, writer } = setUp(redisUrl, keyPrefix);
    await writer.failed(upstream);
    expect(await reader.read(upstream)).toEqual([]);
    expect(await connection.pttl(keys.modelNames(upstream))).toBeLessThan(60_000);
    await writer.told(upstream, ['a']);
    await writer.failed(upstream);
    expect(await reader.read(upstream)).toEqual(['a']);
  });

  redisTest('is separate for another base URL or protocol', async ({ redisUrl, keyPrefix }) => {
    const { reader, writer } = setUp(redisUrl, keyPrefix);
    await writer.told(upstream, ['a']);
    expect(await reader.read({ ...upstream, baseUrl: 'http://other/v1' })).toBeUndefined();
    expect(await reader.read({ ...upstream, type: 'ollama' })).toBeUndefined();
  });

  redisTest('is unknown if the stored value is not a list', async ({ redisUrl, keyPrefix }) => {
    const { connection, keys, reader } = setUp(redisUrl, keyPrefix);
    for (const text of ['', '{', '{}', '[1]', '"a"']) {
      await connection.set(keys.modelNames(upstream), text);
      expect(await reader.read(upstream)).toBeUndefined();
    }
  });
});
