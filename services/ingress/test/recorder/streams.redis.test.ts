import { createKeys } from '@sluice/redis';
import { connectStore } from '@sluice/store';
import { redisTest } from '@sluice/testkit';
import { expect, onTestFinished, vi } from 'vitest';
import { createStreams, type StreamsNeeds } from '../../src/recorder/streams.ts';

const entry = (id: string): object => ({
  id,
  keyId: 'key',
  keyName: 'Key',
  tags: [],
  operation: 'chat',
  model: 'gpt',
  stream: true,
  acceptedAt: 1,
  endedAt: 2,
  outcome: 'complete',
  status: 200,
  attempts: 1,
  inputTokens: 1,
  outputTokens: 2,
  costMicros: 5,
  estimated: false,
  settledBy: 'ingress',
});

redisTest('reads less at once after a page that takes the database too long', async ({ redis, keyPrefix }) => {
  const keys = createKeys(keyPrefix);
  for (let n = 0; n < 30; n++) await redis.xadd(keys.ledger, '*', 'e', JSON.stringify(entry(`${n}`)));
  const store = connectStore({
    url: 'postgres://none@127.0.0.1:1/none',
    poolSize: 1,
    statementTimeoutMs: 1000,
    connectTimeoutMs: 1000,
    onError: () => undefined,
  });
  onTestFinished(() => store.close());
  const sizes: number[] = [];
  const insert = vi.fn<StreamsNeeds['writer']['insertRequestEntries']>((entries) => {
    sizes.push(entries.length);
    return entries.length > 5 ? Promise.reject(new Error('timeout')) : Promise.resolve(entries.length);
  });
  const [ledger] = createStreams({
    connection: redis,
    keys,
    store,
    writer: {
      insertRequestEntries: insert,
      insertAttemptEntries: () => Promise.resolve(0),
      insertRequestLogs: () => Promise.resolve(0),
      insertBodies: () => Promise.resolve(0),
    },
    log: () => undefined,
    onWritten: () => undefined,
    onSkipped: () => undefined,
  });
  while ((await redis.xlen(keys.ledger)) > 0) await ledger?.drain().catch(() => undefined);
  expect(sizes.slice(0, 6)).toEqual([8, 2, 4, 8, 2, 4]);
});
