import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createOpenExchanges } from '../../../src/inference/exchange/open-exchanges.ts';
import { fakeMailboxes, fakeQueue } from '../fakes.ts';
import { job } from './events.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const queue = fakeQueue({ takeBack: () => Promise.resolve({ kind: 'taken_back' }) });
  const mailboxes = fakeMailboxes();
  const exchanges = createOpenExchanges({
    ...queue,
    ...mailboxes,
    accountLost: () => 0,
    roster: { members: () => [] },
    onError: (error) => mailboxes.errors.push(error),
  });
  const failed: string[] = [];
  async function begin(requestId: string) {
    const exchange = exchanges.begin(
      { job: { ...job, requestId }, body: Buffer.from('{}'), deadlineAt: 0, remainingMs: 60_000, maxQueueWaitMs: 5000 },
      {
        onStarted: () => undefined,
        onAnswered: () => undefined,
        onData: () => undefined,
        onEnd: () => undefined,
        onError: ({ code }) => failed.push(`${requestId} ${code}`),
        onRerun: () => undefined,
      },
    );
    await exchange.submit();
    return exchange;
  }
  return { exchanges, ...queue, ...mailboxes, failed, begin };
}

const settled = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

describe('the open requests of an ingress', () => {
  it('are counted until no worker works on them', async () => {
    const { exchanges, begin } = setUp();
    const one = await begin('1');
    await begin('2');
    expect(exchanges.size).toBe(2);
    one.cancel();
    await settled();
    expect(exchanges.size).toBe(1);
  });

  it('are all queued again when Redis has lost them', async () => {
    const { exchanges, jobs, begin } = setUp();
    await begin('1');
    await begin('2');
    exchanges.requeueAll();
    await settled();
    expect(jobs.slice(2).map(({ requestId, epoch }) => `${requestId}.${epoch}`)).toEqual(['1.2', '2.2']);
  });

  it('all end with the same error', async () => {
    const { exchanges, failed, begin } = setUp();
    await begin('1');
    await begin('2');
    exchanges.failAll('draining');
    await exchanges.allEnded();
    expect(failed).toEqual(['1 draining', '2 draining']);
    await settled();
    expect(exchanges.size).toBe(0);
  });

  it('are awaited as they are now: a later request does not prolong the wait', async () => {
    const { exchanges, begin } = setUp();
    const one = await begin('1');
    let isOver = false;
    void exchanges.allEnded().then(() => (isOver = true));
    await begin('2');
    expect(isOver).toBe(false);
    one.cancel();
    await settled();
    expect([isOver, exchanges.size]).toEqual([true, 1]);
  });
});
