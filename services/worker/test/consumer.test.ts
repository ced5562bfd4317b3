import { failedSchema, firstRetryState, GatewayError } from '@sluice/protocol';
import type { Claim } from '@sluice/queue';
import type { MailboxWriter } from '@sluice/relay';
import { describe, expect, it, vi } from 'vitest';
import { withoutCall } from '../src/attempt/attempt-result.ts';
import { type AbortReason, createActiveRuns } from '../src/consumer/active-runs.ts';
import { refuseForged } from '../src/consumer/refuse-job.ts';
import type { RunJobNeeds } from '../src/consumer/run-job-needs.ts';
import { createRunMemory } from '../src/consumer/run-memory.ts';
import { runJob } from '../src/consumer.ts';
import { jobWith, runNeedsWith, targetWith } from './scene.ts';

const claimedWith = (body: string): Claim => ({ kind: 'claimed', body, remainingMs: 10_000, delivered: undefined });

const summary = { usage: undefined, finishReason: 'stop', responseModel: 'm' };
const facts = { events: 2, received: 2, wasCalled: true, wasResent: false, isTokenRefused: false };

/** The dependencies of a job, and the records of its effects. */
function scene(over: Partial<RunJobNeeds> = {}) {
  const runs = createActiveRuns();
  const frames: { kind: string; data: string; destination: string }[] = [];
  const writer: MailboxWriter = {
    send(destination, { kind, data }) {
      frames.push({ kind, data, destination });
      return 'queued';
    },
    isCongested: () => false,
    onceWritable: () => undefined,
    flushed: () => Promise.resolve(),
    close: () => undefined,
  };
  const log = vi.fn<(fields: object, message: string) => void>();
  const refused = vi.fn<(error: Error) => void>();
  const unwatchIngress = vi.fn<(ingressId: string) => void>();
  const watchIngress = vi.fn<(ingressId: string) => void>();
  const jobStarted = vi.fn<() => void>();
  const jobEnded = vi.fn<() => void>();
  const jobRefused = vi.fn<(reason: string) => void>();
  const forget = vi.fn<RunJobNeeds['forget']>();
  const needs: RunJobNeeds = {
    ...runNeedsWith({
      targetsOf: () => [targetWith()],
      makeAttempt: () => Promise.resolve({ kind: 'complete', summary, ...facts }),
    }),
    workerId: 'w',
    claim: () => Promise.resolve(claimedWith('{}')),
    forget,
    runs,
    memory: createRunMemory({ workerId: 'w', writer, now: () => 0 }),
    onRefused: refused,
    writer,
    metrics: {
      jobStarted,
      jobEnded,
      jobRefused,
      retried: () => undefined,
    } as Partial<RunJobNeeds['metrics']> as RunJobNeeds['metrics'],
    logger: { warn: log, error: log, debug: log, isLevelEnabled: () => false } as unknown as RunJobNeeds['logger'],
    watchIngress,
    unwatchIngress,
    now: () => 0,
    ...over,
  };
  return {
    needs,
    runs,
    frames,
    log,
    refused,
    watchIngress,
    unwatchIngress,
    jobStarted,
    jobEnded,
    jobRefused,
    forget,
    kinds: () => frames.map(({ kind }) => kind),
    dataOf(kind: string): unknown {
      const frame = frames.find((each) => each.kind === kind);
      return frame === undefined ? undefined : JSON.parse(frame.data);
    },
  };
}

/** An attempt during which the run is aborted. */
const abortedBy =
  (reason: AbortReason, runs: () => ReturnType<typeof createActiveRuns>): RunJobNeeds['makeAttempt'] =>
  () => {
    runs().abortAll(reason);
    return Promise.resolve(withoutCall({ kind: 'aborted' }));
  };

async function runAborted(reason: AbortReason) {
  const run = scene({ makeAttempt: abortedBy(reason, () => run.runs) });
  await runJob(run.needs, jobWith(), 0);
  return run;
}

describe('a job', () => {
  it('is claimed and run, and its start and end are reported', async () => {
    const { needs, kinds, frames, dataOf, forget, runs } = scene();
    await runJob(needs, jobWith(), 0);
    expect(kinds()).toEqual(['started', 'end']);
    expect(frames.map(({ destination }) => destination)).toEqual(['i', 'i']);
    expect(dataOf('started')).toEqual({ workerId: 'w' });
    expect(dataOf('end')).toMatchObject({ finishReason: 'stop', responseModel: 'm', events: 2 });
    expect(forget).toHaveBeenCalledOnce();
    expect(runs.size).toBe(0);
  });

  it('watches its ingress while it runs, and no longer', async () => {
    const { needs, watchIngress, unwatchIngress, jobStarted, jobEnded } = scene();
    await runJob(needs, jobWith(), 0);
    expect(watchIngress).toHaveBeenCalledExactlyOnceWith('i');
    expect(unwatchIngress).toHaveBeenCalledExactlyOnceWith('i');
    expect(jobStarted).toHaveBeenCalledOnce();
    expect(jobEnded).toHaveBeenCalledOnce();
  });

  it('keeps the watch on an ingress that has another run', async () => {
    const { needs, runs, unwatchIngress } = scene();
    runs.open({ requestId: 'other', epoch: 1, ingressId: 'i' });
    await runJob(needs, jobWith(), 0);
    expect(unwatchIngress).not.toHaveBeenCalled();
  });

  it('counts the time since its claim against its deadline', async () => {
    let at = 0;
    const remaining: number[] = [];
    const { needs } = scene({
      now: () => (at += 1000),
      makeAttempt(claimedRun) {
        remaining.push(claimedRun.remainingMs());
        return Promise.resolve({ kind: 'complete', summary, ...facts });
      },
    });
    await runJob(needs, jobWith(), 0);
    expect(remaining[0]).toBeLessThan(10_000);
    expect(remaining[0]).toBeGreaterThan(0);
  });
});

describe('a job that is not wanted', () => {
  it.each(['gone', 'outdated', 'taken', 'moved', 'late'] as const)('is dropped without a frame: %s', async (kind) => {
    const { needs, kinds, forget, jobStarted, log } = scene({ claim: () => Promise.resolve({ kind }) });
    await runJob(needs, jobWith(), 0);
    expect(kinds()).toEqual([]);
    expect(forget).not.toHaveBeenCalled();
    expect(jobStarted).not.toHaveBeenCalled();
    expect(log).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ claim: kind }), 'job no longer wanted');
  });

  it('is not claimed by the worker that has already run it', async () => {
    const claim = vi.fn<RunJobNeeds['claim']>(() => Promise.resolve(claimedWith('{}')));
    const { needs, log } = scene({ claim });
    await runJob(needs, jobWith(), 0);
    await runJob(needs, jobWith(), 0);
    expect(claim).toHaveBeenCalledOnce();
    expect(log).toHaveBeenCalledWith(expect.objectContaining({ claim: 'known' }), 'job no longer wanted');
  });
});

describe('a job that cannot be trusted', () => {
  it('is refused, with an error to its ingress, if its stored request cannot be read', async () => {
    const claim: Claim = { kind: 'unreadable', reason: 'body: another key' };
    const { needs, dataOf, kinds, forget, refused, jobRefused, jobStarted } = scene({
      claim: () => Promise.resolve(claim),
    });
    await runJob(needs, jobWith(), 0);
    expect(kinds()).toEqual(['error']);
    expect(dataOf('error')).toMatchObject({ error: { code: 'internal_error' }, attempts: 0, events: 0 });
    expect(forget).toHaveBeenCalledOnce();
    expect(refused.mock.calls[0]?.[0].message).toBe('body: another key');
    expect(jobRefused).toHaveBeenCalledExactlyOnceWith('unreadable');
    expect(jobStarted).not.toHaveBeenCalled();
  });

  it('is refused without a run if it is not signed with the secret of this worker', () => {
    const { needs, dataOf, forget, refused, jobRefused } = scene();
    refuseForged(needs, jobWith());
    expect(dataOf('error')).toMatchObject({ error: { code: 'internal_error' } });
    expect(jobRefused).toHaveBeenCalledExactlyOnceWith('unsigned');
    expect(refused.mock.calls[0]?.[0].message).toContain('SLUICE_SECRET_KEY');
    expect(forget).toHaveBeenCalledOnce();
  });

  it('sends no error if it names no ingress', () => {
    const { needs, kinds, forget, jobRefused } = scene();
    refuseForged(needs, undefined);
    expect(kinds()).toEqual([]);
    expect(jobRefused).toHaveBeenCalledExactlyOnceWith('malformed');
    expect(forget).not.toHaveBeenCalled();
  });
});

describe('a job that is aborted', () => {
  it('goes back to its ingress while the worker drains, and keeps its stored data', async () => {
    const { dataOf, forget } = await runAborted('draining');
    expect(dataOf('retry')).toMatchObject({ delayMs: 0, error: { code: 'worker_lost' }, state: { attempts: 1 } });
    expect(forget).not.toHaveBeenCalled();
  });

  it('is over if its client has cancelled, without a line in the log', async () => {
    const { dataOf, forget, log } = await runAborted('cancelled');
    expect(dataOf('error')).toMatchObject({ error: { code: 'request_cancelled' } });
    expect(forget).toHaveBeenCalledOnce();
    expect(log).not.toHaveBeenCalled();
  });

  it('leaves no data of an ingress that is lost', async () => {
    const { forget } = await runAborted('ingress_lost');
    expect(forget).toHaveBeenCalledOnce();
  });
});

describe('a job whose provider fails', () => {
  const failing: RunJobNeeds['makeAttempt'] = () =>
    Promise.resolve({ ...facts, kind: 'failed', events: 0, received: 0, failure: { kind: 'server', message: 'down' } });

  it('goes back to its ingress with the time to wait, and with the reason in the log', async () => {
    const { needs, dataOf, log, forget } = scene({ makeAttempt: failing });
    await runJob(needs, jobWith(), 0);
    expect(dataOf('retry')).toMatchObject({ state: { attempts: 1, lastFailure: { kind: 'server' } } });
    expect(forget).not.toHaveBeenCalled();
    expect(log).toHaveBeenLastCalledWith(
      expect.objectContaining({ internal_id: 'r', epoch: 1, kind: 'server', target: 'u/m', attempts: 1 }),
      'upstream failed; the request will be tried again',
    );
  });

  it('is over after its last attempt', async () => {
    const { needs, dataOf, log } = scene({ makeAttempt: failing });
    const { maxAttempts } = needs.policy;
    await runJob(needs, jobWith({ state: { ...firstRetryState, attempts: maxAttempts - 1 } }), 0);
    expect(dataOf('error')).toMatchObject({ attempts: maxAttempts, failure: { kind: 'server' } });
    expect(log).toHaveBeenLastCalledWith(
      expect.objectContaining({ attempts: maxAttempts, max_attempts: maxAttempts, retryable: true }),
      'request failed',
    );
  });
});

describe('a job that something breaks', () => {
  const broken = { makeAttempt: () => Promise.reject(new Error('a bug')) };

  it('tells the calls that were made before, and their cost', async () => {
    const { needs, dataOf } = scene({
      claim: () => Promise.resolve(claimedWith('{}')),
      makeAttempt(_run, _chosen, { onSpent }) {
        onSpent({ costMicros: 7, isEstimated: false });
        return Promise.reject(new Error('a bug'));
      },
    });
    await runJob(needs, jobWith(), 0);
    expect(failedSchema.parse(dataOf('error'))).toMatchObject({ attempts: 1, events: 0, costMicros: 7 });
  });

  it.each<[string, string, Partial<RunJobNeeds>]>([
    ['its body is not JSON', '{"messages":', {}],
    ['its body is not an object', '[1]', {}],
    ['its body is null', 'null', {}],
    ['an attempt rejects', '{}', broken],
  ])('is an error for its client, and is over: %s', async (_what, body, over) => {
    const { needs, runs, jobEnded, forget, unwatchIngress, dataOf } = scene({
      claim: () => Promise.resolve(claimedWith(body)),
      ...over,
    });
    await runJob(needs, jobWith(), 0);
    expect(failedSchema.parse(dataOf('error'))).toMatchObject({ error: { code: 'internal_error' } });
    expect(runs.size).toBe(0);
    expect(jobEnded).toHaveBeenCalledOnce();
    expect(forget).toHaveBeenCalledOnce();
    expect(unwatchIngress).toHaveBeenCalledOnce();
  });

  it('may be tried again by the client if Redis is away', async () => {
    const { needs, dataOf } = scene({
      health: { ...scene().needs.health, choose: () => Promise.reject(new Error('Connection is closed.')) },
    });
    await runJob(needs, jobWith(), 0);
    const { status } = new GatewayError('redis_unavailable');
    expect(dataOf('error')).toMatchObject({ error: { code: 'redis_unavailable' } });
    expect(status).toBe(503);
  });

  it('is closed if the claim itself rejects, and rejects towards the queue', async () => {
    const { needs, runs, kinds } = scene({ claim: () => Promise.reject(new Error('Command timed out')) });
    await expect(runJob(needs, jobWith(), 0)).rejects.toThrow('Command timed out');
    expect(runs.size).toBe(0);
    expect(kinds()).toEqual([]);
  });
});
