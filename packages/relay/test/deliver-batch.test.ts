import type { Frame } from '@sluice/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deliverBatch, type DeliverNeeds } from '../src/deliver-batch.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const frames: readonly Frame[] = [{ requestId: 'r', epoch: 1, seq: 0, kind: 'data', data: 'x' }];

/** Delivers to a Redis that gives these replies, one after the other; the last one repeats. */
function deliver(replies: readonly (string | null | Error)[], isClosed: () => boolean = () => false) {
  const written: unknown[][] = [];
  const errors: unknown[] = [];
  const connection: DeliverNeeds['connection'] = {
    xadd(...entry: unknown[]) {
      const reply = replies[Math.min(written.push(entry), replies.length) - 1] ?? null;
      return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply);
    },
  };
  let result: boolean | undefined;
  const done = deliverBatch(
    {
      connection,
      processId: 'w-1',
      mailboxKey: (id) => `mb:${id}`,
      onError: (error) => errors.push(error),
      now: () => Date.now(),
    },
    { destination: 'i-1', frames, isClosed },
  ).then((isThere) => (result = isThere));
  return { done, written, errors, result: () => result };
}

describe('a batch', () => {
  it('is written once, with its writer and the time', async () => {
    vi.setSystemTime(5000);
    const { done, written, errors } = deliver(['1-1']);
    expect(await done).toBe(true);
    expect(written).toHaveLength(1);
    expect(written[0]?.slice(0, 8)).toEqual(['mb:i-1', 'NOMKSTREAM', 'MAXLEN', '~', 60_000, '*', 'o', 'w-1 5000']);
    expect(errors).toEqual([]);
  });

  it('waits for a mailbox that Redis has lost: its process recreates it', async () => {
    const { done, written } = deliver([null, null, '1-1']);
    await vi.advanceTimersByTimeAsync(400);
    expect(await done).toBe(true);
    expect(written).toHaveLength(3);
  });

  it('is given up when its mailbox has been missing for 2 s', async () => {
    const { result } = deliver([null]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(result()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect(result()).toBe(false);
  });

  it('is repeated after an error, with the error reported, and given up after 10 s', async () => {
    const full = new Error('OOM command not allowed');
    const { result, errors } = deliver([full]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(result()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(200);
    expect([result(), errors.length]).toEqual([false, 52]);
  });

  it('is written after an error that passes', async () => {
    const { done, errors } = deliver([new Error('LOADING'), '1-1']);
    await vi.advanceTimersByTimeAsync(200);
    expect([await done, errors.length]).toEqual([true, 1]);
  });

  it.each([null, new Error('boom')])('is not repeated once its writer is closed: %s', async (reply) => {
    const { done, written } = deliver([reply], () => true);
    expect(await done).toBe(false);
    expect(written).toHaveLength(1);
  });
});
