import { connect, createKeys, type RedisConnection } from '@sluice/redis';
import { createEnrolment, createRoster } from '@sluice/relay';
import { redisTest, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function setUp(redisUrl: string, keyPrefix: string) {
  const connection: RedisConnection = connect({
    settings: { kind: 'single', url: redisUrl },
    role: 'command',
    name: 'test',
    onError: () => undefined,
  });
  closers.push(() => connection.disconnect());
  const rosterKey = createKeys(keyPrefix).workers;
  const errors: unknown[] = [];
  const onError = (error: unknown): unknown => errors.push(error);
  const enrol = async (processId: string) => {
    const enrolment = createEnrolment({ connection, rosterKey, processId, onError });
    await enrolment.start();
    return enrolment;
  };
  const w1 = await enrol('w-1');
  let now = 0;
  const roster = createRoster({ connection, rosterKey, onError, now: () => now });
  await roster.start();
  closers.push(
    () => roster.close(),
    () => w1.close(),
  );
  return { connection, rosterKey, enrol, w1, roster, pass: (ms: number) => (now += ms), errors };
}

describe('the list of workers', () => {
  redisTest('holds the current workers, and those that joined later', async ({ redisUrl, keyPrefix }) => {
    const { enrol, roster } = await setUp(redisUrl, keyPrefix);
    expect(roster.members()).toEqual(['w-1']);
    const w2 = await enrol('w-2');
    await until(() => roster.members().length === 2, { what: 'the second worker to be seen' });
    await w2.close();
    await until(() => roster.members().length === 1, { what: 'it to be seen to leave' });
  });

  redisTest('remembers workers for a minute after Redis lost the list', async ({ redisUrl, keyPrefix }) => {
    const { connection, rosterKey, enrol, roster, pass } = await setUp(redisUrl, keyPrefix);
    await connection.zadd(rosterKey, String(Date.now()), 'w-dead');
    await until(() => roster.members().includes('w-dead'), { what: 'the other worker to be seen' });
    await connection.del(rosterKey);
    await enrol('w-3').then((w3) => closers.push(() => w3.close()));
    await until(() => roster.members().includes('w-3'), { what: 'the list to be read again' });
    expect(roster.members()).toContain('w-dead');
    await until(async () => (await connection.zscore(rosterKey, 'w-1')) !== null, { what: 'w-1 to enter again' });
    pass(60_001);
    await until(() => !roster.members().includes('w-dead'), { what: 'it to be forgotten' });
    expect(roster.members()).toContain('w-1');
  });
});
