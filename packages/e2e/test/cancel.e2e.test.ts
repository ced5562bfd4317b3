import { type CallRecord, until, verifies } from '@sluice/testkit';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sluice, startSluice } from './sluice.ts';
import { metric, occupancy, post, startLeaver, untilOccupied } from './traffic.ts';

/** Time from the client's leaving to the end of the provider's call. */
const longestCloseMs = 250;
const workerRuns = 50;
const fleetRuns = 52;
const longStream = 'demo-t100000-i100';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 2,
    workers: 1,
    config: { worker: { concurrency: workerRuns }, limits: { max_concurrent_requests: fleetRuns, queue_size: 10 } },
  });
});
beforeEach(() => sluice.simulator.reset());
afterEach(() => untilOccupied(sluice, { running: 0, waiting: 0 }));

/** Resolves when every call has ended; returns the delay after the client's leaving for each one. */
async function untilClosed(leftAt: number): Promise<number[]> {
  const calls = await until(
    async () => {
      const all = await sluice.simulator.calls();
      return all.every(({ outcome }) => outcome !== 'open') && all;
    },
    { what: 'the calls to be closed' },
  );
  return calls.map(({ abortedAt }: CallRecord) => (abortedAt?.wallMs ?? Infinity) - leftAt);
}

const untilOpen = (count: number): Promise<unknown> =>
  until(async () => (await sluice.simulator.stats()).open === count, { what: `${count} calls to be open` });

describe('the upstream call of a client that leaves is closed', () => {
  it.each([
    ['the provider has not answered yet', 0, { model: 'demo-hang' }],
    ['the provider is silent in the middle of its answer', 2, { model: 'demo-t10-stall' }],
    ['the answer streams', 3, { model: longStream }],
    ['a whole answer is collected', 0, { model: longStream, fields: { stream: false } }],
  ])('while %s', verifies('001-13'), async (_name, tokens, options) => {
    const leaver = startLeaver(sluice, options);
    await until(async () => ((await sluice.simulator.calls())[0]?.tokensSent ?? -1) >= tokens, {
      what: `a call with ${tokens} tokens sent`,
    });
    const leftAt = leaver.leave();
    const [closedAfterMs] = await untilClosed(leftAt);
    expect(closedAfterMs).toBeLessThan(longestCloseMs);
    await untilOccupied(sluice, { running: 0, waiting: 0 });
    expect(Date.now() - leftAt).toBeLessThan(2 * longestCloseMs);
    await leaver.over;
  });

  it('for fifty clients at once', async () => {
    const leavers = Array.from({ length: workerRuns }, (_, client) =>
      startLeaver(sluice, { model: client % 2 === 0 ? longStream : 'demo-hang', content: `client ${client}` }),
    );
    await untilOpen(workerRuns);
    const leftAt = leavers.map(({ leave }) => leave())[0] ?? NaN;
    const closedAfterMs = await untilClosed(leftAt);
    expect(closedAfterMs).toHaveLength(workerRuns);
    expect(Math.max(...closedAfterMs)).toBeLessThan(longestCloseMs);
  });
});

describe('a client that leaves before its turn', () => {
  it('takes its job out of the queue: no provider is called', async () => {
    const running = Array.from({ length: workerRuns }, () => startLeaver(sluice, { model: longStream }));
    await untilOpen(workerRuns);
    const queued = startLeaver(sluice, { model: 'demo-t1', content: 'an abandoned request' });
    await until(
      () =>
        metric(sluice.fleet.ingresses[0]?.managementUrl ?? '', 'sluice_queue_jobs').then(
          (jobs) => jobs === workerRuns + 1,
        ),
      {
        what: 'the job to wait in the queue',
      },
    );
    queued.leave();
    await until(async () => (await occupancy(sluice)).running === workerRuns, { what: 'its lease to be free' });
    for (const { leave } of running) leave();
    expect((await post(sluice, { model: 'demo-t1', content: 'the next one' })).status).toBe(200);
    const bodies = (await sluice.simulator.calls()).map(({ body }) => body);
    expect(bodies).toHaveLength(workerRuns + 1);
    expect(bodies.filter((body) => body.includes('an abandoned request'))).toEqual([]);
  });

  it('leaves the waiting room, and another client takes its place there', async () => {
    const running = Array.from({ length: fleetRuns }, () => startLeaver(sluice, { model: longStream }));
    await untilOccupied(sluice, { running: fleetRuns, waiting: 0 });
    const first = startLeaver(sluice, { model: 'demo-t1', content: 'an abandoned request', at: 0 });
    await untilOccupied(sluice, { running: fleetRuns, waiting: 1 });
    const second = post(sluice, { model: 'demo-t1', content: 'a wanted request', at: 1 });
    await untilOccupied(sluice, { running: fleetRuns, waiting: 2 });
    first.leave();
    await untilOccupied(sluice, { running: fleetRuns, waiting: 1 });
    for (const { leave } of running) leave();
    expect((await second).status).toBe(200);
    const bodies = (await sluice.simulator.calls()).map(({ body }) => body).join('\n');
    expect(bodies).toContain('a wanted request');
    expect(bodies).not.toContain('an abandoned request');
  });
});
