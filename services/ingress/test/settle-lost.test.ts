import { EventEmitter } from 'node:events';
import type { RedisConnection } from '@sluice/redis';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { startSettlingLost } from '../src/settle-lost.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('settles nothing for a lease after Redis has returned, because living ingresses renew their leases first', async () => {
  const connection = new EventEmitter();
  const settleAll = vi.fn<() => Promise<number>>(() => Promise.resolve(2));
  const stop = startSettlingLost({
    settler: { settleAll },
    connection: connection as unknown as RedisConnection,
    isRedisUp: () => true,
    leaseMs: 30_000,
    logger: { warn: () => undefined },
    onError: () => undefined,
    now: () => performance.now(),
  });
  await vi.advanceTimersByTimeAsync(1000);
  expect(settleAll).toHaveBeenCalledOnce();
  connection.emit('ready');
  await vi.advanceTimersByTimeAsync(29_900);
  expect(settleAll).toHaveBeenCalledOnce();
  await vi.advanceTimersByTimeAsync(1000);
  expect(settleAll).toHaveBeenCalledTimes(2);
  stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(settleAll).toHaveBeenCalledTimes(2);
});
