import type { Frame } from '@sluice/protocol';
import { connect, type ConnectionRole, createKeys, type RedisConnection, untilReady } from '@sluice/redis';
import { createPublisher, type MailboxWriter, type Origin } from '@sluice/relay';
import { redisTest, startChaosProxy, startMovableRedis, startRedis, until } from '@sluice/testkit';
import { afterEach, describe, expect } from 'vitest';
import { createLiveness } from '../src/liveness.ts';
import { createMailboxReader } from '../src/mailbox-reader.ts';
import { createMailboxWriter } from '../src/mailbox-writer.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function createFleet(redisUrl: string, keyPrefix: string) {
  const keys = createKeys(keyPrefix);
  const openedBlocking: RedisConnection[] = [];
  const open = (role: ConnectionRole, url = redisUrl): RedisConnection => {
    const settings = { kind: 'single', url } as const;
    const connection = connect({ settings, role, name: `test-${role}`, onError: () => undefined });
    closers.push(() => connection.disconnect());
    if (role === 'blocking') openedBlocking.push(connection);
    return connection;
  };
  const commands = open('command');
  return {
    keys,
    open,
    openedBlocking,
    commands,
    writer(over: { connection?: RedisConnection } = {}) {
      const gone: string[] = [];
      const writer = createMailboxWriter({
        connection: over.connection ?? open('writer'),
        processId: 'w-1',
        mailboxKey: keys.mailbox,
        onGone: (destination) => gone.push(destination),
        onError: () => undefined,
        now: Date.now,
      });
      closers.push(() => writer.close());
      return { writer, gone };
    },
    async reader(processId: string, isCluster = false) {
      await untilReady(commands, 5000);
      const frames: Frame[] = [];
      const batches: (Origin | undefined)[] = [];
      const errors: unknown[] = [];
      const reader = createMailboxReader({
        connectBlocking: () => open('blocking'),
        connection: commands,
        mailboxKeys: [keys.mailbox(processId), keys.admissionMailbox(processId)],
        isCluster,
        onFrames(read, origin) {
          frames.push(...read);
          batches.push(origin);
        },
        onError: (error) => errors.push(error),
      });
      await reader.start();
      closers.push(() => reader.close());
      return { reader, frames, batches, errors };
    },
  };
}

const publisherOf = (writer: MailboxWriter, requestId = 'r') =>
  createPublisher({ writer, destination: 'i-1', requestId, epoch: 1 });

describe('mailboxes', () => {
  redisTest('carry frames in order, with one entry per turn of the event loop', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames, batches } = await fleet.reader('i-1');
    const { writer } = fleet.writer();
    const [a, b] = [publisherOf(writer, 'a'), publisherOf(writer, 'b')];
    a.send('started', { workerId: 'w-1' });
    a.data('one');
    a.data(' two');
    b.data('other');
    a.data('three');
    await until(() => frames.length === 4, { what: 'the frames' });
    expect(frames.map(({ requestId, seq, kind, data }) => [requestId, seq, kind, data])).toEqual([
      ['a', 0, 'started', '{"workerId":"w-1"}'],
      ['a', 1, 'data', 'one two'],
      ['b', 0, 'data', 'other'],
      ['a', 2, 'data', 'three'],
    ]);
    expect(batches).toEqual([{ processId: 'w-1', sentAt: expect.any(Number) as number }]);
  });

  redisTest('accept entries of a script, and are read together', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames, batches } = await fleet.reader('i-1');
    await fleet.commands.xadd(fleet.keys.admissionMailbox('i-1'), '*', 'f', 'r 0 0 admitted 0\n');
    await until(() => frames.length === 1, { what: 'the frame' });
    expect([frames[0]?.kind, batches]).toEqual(['admitted', [undefined]]);
  });

  redisTest('are read one by one if they may lie on different nodes', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames } = await fleet.reader('i-1', true);
    await fleet.commands.xadd(fleet.keys.admissionMailbox('i-1'), '*', 'f', 'r 0 0 admitted 0\n');
    publisherOf(fleet.writer().writer).data('x');
    await until(() => frames.length === 2, { what: 'both frames' });
  });

  redisTest('that are gone are reported to the writer once', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { writer, gone } = fleet.writer();
    publisherOf(writer).data('x');
    await until(() => gone.length > 0, { what: 'the writer to notice' });
    expect(gone).toEqual(['i-1']);
    expect(await fleet.commands.exists(fleet.keys.mailbox('i-1'))).toBe(0);
  });

  redisTest('disappear with their process', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { reader } = await fleet.reader('i-1');
    expect(await fleet.commands.pttl(fleet.keys.mailbox('i-1'))).toBeGreaterThan(50_000);
    await reader.close();
    expect(await fleet.commands.exists(fleet.keys.mailbox('i-1'), fleet.keys.admissionMailbox('i-1'))).toBe(0);
  });

  redisTest('drop entries after they were read', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames } = await fleet.reader('i-1');
    const { writer } = fleet.writer();
    const publisher = publisherOf(writer);
    const count = 1000;
    for (let at = 0; at < count; at++) {
      publisher.data(`${at} `);
      if (at % 2 === 0) await writer.flushed();
    }
    const text = Array.from({ length: count }, (_, at) => `${at} `).join('');
    await until(() => frames.map(({ data }) => data).join('') === text, { what: 'all of the text' });
    await until(async () => (await fleet.commands.xlen(fleet.keys.mailbox('i-1'))) === 0, {
      what: 'the stream to be empty',
    });
  });

  redisTest('are recreated when Redis has lost its data', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames } = await fleet.reader('i-1');
    await fleet.commands.del(fleet.keys.mailbox('i-1'), fleet.keys.admissionMailbox('i-1'));
    await until(async () => (await fleet.commands.exists(fleet.keys.mailbox('i-1'))) === 1, { what: 'the mailbox' });
    publisherOf(fleet.writer().writer).data('after');
    await until(() => frames.length === 1, { what: 'the frame' });
    expect(frames[0]?.data).toBe('after');
  });

  redisTest('are read from the server that the command connection uses now', async ({ keyPrefix }) => {
    const redis = await startMovableRedis();
    closers.push(() => redis.stop());
    const { reader, commands, writer } = createFleet(redis.url, keyPrefix);
    const { frames } = await reader('i-1');
    redis.moveAddress();
    // The first server is healthy, and still answers its readers.
    const isBack = new Promise((resolve) => commands.once('ready', resolve));
    commands.disconnect(true);
    await isBack;
    const late = writer();
    publisherOf(late.writer).data('moved');
    await until(() => frames.length > 0, { what: 'a frame by way of the second server' });
    expect(frames[0]?.data).toBe('moved');
  });

  redisTest(
    'are still read while there is no master, then from the server of the command connection',
    async ({ keyPrefix }) => {
      const redis = await startMovableRedis();
      closers.push(() => redis.stop());
      const { reader, openedBlocking: readers, commands, writer } = createFleet(redis.url, keyPrefix);
      const { frames } = await reader('i-1');
      expect(readers).toHaveLength(1);
      let rounds = 0;
      let reopened = 0;
      commands.on('close', () => rounds++);
      for (const connection of readers) connection.on('close', () => reopened++);
      await redis.demote();
      // The demotion itself ends blocked reads.
      await until(() => rounds >= 4, { what: 'reconnections of the command connection', timeoutMs: 15_000 });
      expect(reopened).toBeLessThanOrEqual(1);
      const before = reopened;
      redis.moveAddress();
      const late = writer();
      await until(
        () => {
          if (reopened > before) publisherOf(late.writer).data('moved');
          return frames.length > 0;
        },
        { what: 'a frame by way of the second server', timeoutMs: 15_000 },
      );
      expect(reopened).toBe(before + 1);
    },
    40_000,
  );

  redisTest('can be closed while Redis is away', async ({ keyPrefix }) => {
    const redis = await startRedis();
    closers.push(() => redis.stop());
    const { reader, openedBlocking } = createFleet(redis.url, keyPrefix);
    const mailboxes = await reader('i-1');
    const [blocking] = openedBlocking;
    await redis.kill();
    await until(() => blocking?.status === 'reconnecting', { what: 'the reader to wait', intervalMs: 1 });
    await mailboxes.reader.close();
    expect(blocking?.status).not.toBe('ready');
  });

  redisTest('report an entry without frames, and deliver the next', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames, errors } = await fleet.reader('i-1');
    await fleet.commands.xadd(fleet.keys.mailbox('i-1'), '*', 'f', 'garbage');
    publisherOf(fleet.writer().writer).data('fine');
    await until(() => frames.length === 1, { what: 'the good frame' });
    expect(errors).toHaveLength(1);
  });

  redisTest('survive broken connections of the writer without loss', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    const { frames } = await fleet.reader('i-1');
    const { hostname, port } = new URL(redisUrl);
    const proxy = await startChaosProxy({ target: { host: hostname, port: Number(port) } });
    closers.push(() => proxy.close());
    const { writer } = fleet.writer({ connection: fleet.open('writer', proxy.through(redisUrl)) });
    const publisher = publisherOf(writer);
    let sent = '';
    for (let round = 0; round < 5; round++) {
      for (let at = 0; at < 20; at++) {
        publisher.data(`${round}.${at} `);
        sent += `${round}.${at} `;
        await new Promise((resolve) => setImmediate(resolve));
      }
      proxy.set({ kind: 'reset' });
      proxy.set({ kind: 'pass' });
    }
    // A repeated batch has the same number; the inbox drops it, as this test does.
    const received = (): string => {
      let text = '';
      let next = 0;
      for (const { seq, data } of frames) {
        if (seq !== next) continue;
        text += data;
        next++;
      }
      return text;
    };
    await until(() => received() === sent, { what: 'every piece, in order', timeoutMs: 10_000 });
  });

  redisTest(
    'hold back their sources when Redis refuses their writes',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = createFleet(redisUrl, keyPrefix);
      const { frames } = await fleet.reader('i-1');
      const { hostname, port } = new URL(redisUrl);
      const proxy = await startChaosProxy({ target: { host: hostname, port: Number(port) } });
      closers.push(() => proxy.close());
      const connection = fleet.open('writer', proxy.through(redisUrl));
      await untilReady(connection, 5000);
      const { writer } = fleet.writer({ connection });
      const publisher = publisherOf(writer);
      publisher.data('first');
      await until(() => frames.length === 1, { what: 'the first frame' });
      proxy.set({ kind: 'blackhole' });
      const piece = 'x'.repeat(100_000);
      let pieces = 0;
      while (!writer.isCongested('i-1')) {
        publisher.data(piece);
        pieces++;
        expect(pieces).toBeLessThan(100);
      }
      let isWritable = false;
      writer.onceWritable('i-1', () => (isWritable = true));
      expect(isWritable).toBe(false);
      proxy.set({ kind: 'pass' });
      await until(() => isWritable, { what: 'the mailbox to take more', timeoutMs: 15_000 });
      const length = (): number => frames.reduce((sum, { data }) => sum + data.length, 0);
      await until(() => length() >= 5 + pieces * piece.length, { what: 'all of it to arrive', timeoutMs: 15_000 });
    },
    40_000,
  );
});

describe('liveness', () => {
  const create = (
    fleet: ReturnType<typeof createFleet>,
    processId: string,
    connection = fleet.commands,
    now = () => performance.now(),
  ) => {
    const lost: string[] = [];
    const liveness = createLiveness({
      connection,
      aliveKey: fleet.keys.alive,
      processId,
      onLost: (id) => lost.push(id),
      onError: () => undefined,
      now,
    });
    closers.push(() => liveness.close());
    return { liveness, lost };
  };

  redisTest(
    'counts no time for which its own process stood still as silence of Redis',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = createFleet(redisUrl, keyPrefix);
      await untilReady(fleet.commands, 5000);
      let stoodStillMs = 0;
      const { liveness } = create(fleet, 'i-1', fleet.commands, () => performance.now() + stoodStillMs);
      await liveness.start();
      stoodStillMs = 60_000;
      expect(liveness.silentForMs).toBeLessThan(2000);
      fleet.commands.disconnect();
      await until(() => liveness.silentForMs > 2500, { what: 'silence while the process runs' });
      expect(liveness.silentForMs).toBeLessThan(10_000);
    },
  );

  redisTest('reports a silent process, and no live one', async ({ redisUrl, keyPrefix }) => {
    const fleet = createFleet(redisUrl, keyPrefix);
    await untilReady(fleet.commands, 5000);
    const watcher = create(fleet, 'i-1');
    const living = create(fleet, 'w-living');
    const dying = create(fleet, 'w-dying');
    await Promise.all([watcher.liveness.start(), living.liveness.start(), dying.liveness.start()]);
    watcher.liveness.watch('w-living');
    watcher.liveness.watch('w-dying');
    await dying.liveness.close();
    const since = performance.now();
    await until(() => watcher.lost.length > 0, { what: 'the loss to be noticed' });
    expect(performance.now() - since).toBeLessThan(4000);
    expect(watcher.lost).toEqual(['w-dying']);
  });

  redisTest(
    'declares no process lost because Redis was away',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = createFleet(redisUrl, keyPrefix);
      const { hostname, port } = new URL(redisUrl);
      const proxy = await startChaosProxy({ target: { host: hostname, port: Number(port) } });
      closers.push(() => proxy.close());
      const connection = fleet.open('command', proxy.through(redisUrl));
      await untilReady(connection, 5000);
      const watcher = create(fleet, 'i-1', connection);
      const worker = create(fleet, 'w-1', connection);
      await Promise.all([watcher.liveness.start(), worker.liveness.start()]);
      watcher.liveness.watch('w-1');
      proxy.set({ kind: 'blackhole' });
      const key = fleet.keys.alive('w-1');
      await until(async () => (await fleet.open('blocking').exists(key)) === 0, { what: 'the key to run out' });
      proxy.set({ kind: 'pass' });
      await until(async () => (await fleet.open('blocking').exists(key)) === 1, {
        what: 'the worker to announce itself again',
        timeoutMs: 10_000,
      });
      let beats = 0;
      await until(() => ++beats > 150, { what: 'a few more beats', intervalMs: 10, timeoutMs: 10_000 });
      expect(watcher.lost).toEqual([]);
    },
    40_000,
  );

  redisTest(
    'gives every process time to announce itself when Redis has lost its data',
    async ({ redisUrl, keyPrefix }) => {
      const fleet = createFleet(redisUrl, keyPrefix);
      await untilReady(fleet.commands, 5000);
      const watcher = create(fleet, 'i-1');
      await watcher.liveness.start();
      const late = fleet.keys.alive('w-late');
      await fleet.commands.set(late, '1');
      watcher.liveness.watch('w-late');
      await fleet.commands.del(late, fleet.keys.alive('i-1'));
      const since = performance.now();
      await until(() => performance.now() - since > 1600, { what: 'three beats' });
      await fleet.commands.set(late, '1');
      await until(() => performance.now() - since > 3200, { what: 'three more' });
      expect(watcher.lost).toEqual([]);
    },
  );
});
