import { createKeys, type RedisConnection } from '@sluice/redis';
import { redisTest, until } from '@sluice/testkit';
import { describe, expect } from 'vitest';
import { type AnswerWriter, createKeptAnswers, type KeptAnswers, processOf } from '../src/index.ts';

const place = { id: 'a-1', keyId: 'one' };

interface Scene {
  readonly connection: RedisConnection;
  readonly prefix: string;
  readonly secret?: string;
  readonly processId?: string;
}

function keptIn({ connection, prefix, secret, processId = 'p-1' }: Scene): KeptAnswers {
  let ids = 0;
  return createKeptAnswers({
    connection,
    keys: createKeys(prefix),
    processId,
    newId: () => String(ids++),
    keepMs: 60_000,
    secret,
    onError(error) {
      throw error;
    },
  });
}

async function writerOf(kept: KeptAnswers, gone?: string): Promise<AnswerWriter> {
  const opened = await kept.open(place, 'digest', gone);
  if (opened.kind !== 'opened') throw new Error('another request has opened the answer');
  return opened.writer;
}

const stateIs = (kept: KeptAnswers, state: string) =>
  until(async () => (await kept.find(place))?.state === state, { what: `the answer is ${state}` });

async function textOf(kept: KeptAnswers, after = ''): Promise<string> {
  return (await kept.read(place, after)).map(({ text }) => text).join('');
}

describe('a kept answer', () => {
  redisTest(
    'is read by its key alone, while it grows and after its end',
    async ({ redis: connection, keyPrefix: prefix }) => {
      const kept = keptIn({ connection, prefix });
      const writer = await writerOf(kept);
      writer.write('one\n\n', 1);
      writer.write('two\n\n', 1);
      await until(async () => (await textOf(kept)) === 'one\n\ntwo\n\n', { what: 'both events are there' });
      const [entry] = await kept.read(place, '');
      writer.end('three\n\n', { count: 1, state: 'ended' });
      await stateIs(kept, 'ended');
      expect(await textOf(kept, entry?.id)).toBe('three\n\n');
      expect((await kept.read(place, '')).at(-1)?.last).toBe(3);
      expect(await kept.find({ ...place, keyId: 'other' })).toBeUndefined();
      const ttls = await Promise.all((await connection.keys(`${prefix}*`)).map((key) => connection.pttl(key)));
      expect(ttls.every((ttl) => ttl > 50_000)).toBe(true);
    },
  );

  redisTest('is opened once, and reported to the others', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix });
    const opened = await Promise.all(Array.from({ length: 20 }, () => kept.open(place, 'digest')));
    expect(opened.filter(({ kind }) => kind === 'opened')).toHaveLength(1);
    const known = opened.find((each) => each.kind === 'known');
    expect(known).toMatchObject({ digest: 'digest', state: 'running' });
    expect(known?.kind === 'known' && processOf(known.owner)).toBe('p-1');
  });

  redisTest(
    'takes no event of an owner whose answer was opened anew',
    async ({ redis: connection, keyPrefix: prefix }) => {
      const first = keptIn({ connection, prefix });
      const old = await writerOf(first);
      old.write('old\n\n', 1);
      await until(async () => (await textOf(first)) !== '', { what: 'the first event is there' });
      const gone = (await first.find(place))?.owner;
      const second = keptIn({ connection, prefix, processId: 'p-2' });
      const writer = await writerOf(second, gone);
      old.write('late\n\n', 1);
      writer.write('new\n\n', 1);
      writer.end('', { count: 0, state: 'ended' });
      await stateIs(second, 'ended');
      expect(await textOf(second)).toBe('new\n\n');
    },
  );

  redisTest(
    'is opened anew after a failure, for the same request alone',
    async ({ redis: connection, keyPrefix: prefix }) => {
      const kept = keptIn({ connection, prefix });
      (await writerOf(kept)).end('error\n\n', { count: 1, state: 'failed' });
      await stateIs(kept, 'failed');
      expect(await kept.open(place, 'another request')).toMatchObject({ kind: 'known', state: 'failed' });
      await writerOf(kept);
      expect(await textOf(kept)).toBe('');
    },
  );

  redisTest('is forgotten if its request fails before it begins', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix });
    (await writerOf(kept)).drop();
    await until(async () => (await kept.find(place)) === undefined, { what: 'the answer is gone' });
  });

  redisTest('is sealed with the secret of the operator', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix, secret: 's'.repeat(32) });
    (await writerOf(kept)).end('private\n\n', { count: 1, state: 'ended', head: '{"a":1}' });
    await stateIs(kept, 'ended');
    expect(await textOf(kept)).toBe('private\n\n');
    expect((await kept.find(place))?.head).toBe('{"a":1}');
    const name = createKeys(prefix).keptEvents(place.keyId, place.id);
    expect(JSON.stringify(await connection.xrange(name, '-', '+'))).not.toContain('private');
  });

  redisTest('counts as failed if it is too long', async ({ redis: connection, keyPrefix: prefix }) => {
    const kept = keptIn({ connection, prefix });
    const writer = await writerOf(kept);
    writer.write('x'.repeat(17 * 1024 * 1024), 1);
    await stateIs(kept, 'failed');
  });
});
