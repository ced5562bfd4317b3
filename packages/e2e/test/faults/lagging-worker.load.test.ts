import { setTimeout as pass } from 'node:timers/promises';
import { type ServiceProcess, until } from '@sluice/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freshPage, metric, metricOf } from '../traffic.ts';
import { askEvenly, startMany } from './ask.ts';
import { allOver, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

const stopped = 'sluice_worker_intake_stopped_seconds_total';

/** Lets a process run for 100 ms of each 500 ms, until the returned function is called or the test ends. */
function slowDown(worker: ServiceProcess): () => Promise<void> {
  let isOver = false;
  async function stutter(): Promise<void> {
    while (!isOver) {
      worker.kill('SIGSTOP');
      await pass(400);
      worker.kill('SIGCONT');
      await pass(100);
    }
  }
  const ended = stutter();
  const end = (): Promise<void> => {
    isOver = true;
    return ended;
  };
  onTestFinished(end);
  return end;
}

describe('a worker that gets little CPU', () => {
  const scene = useScene({ ingresses: 1, workers: 2 });

  /** Sends requests for a while, which must all be answered. Returns the number that each worker took. */
  async function share(): Promise<readonly number[]> {
    const { workers } = scene().fleet;
    const attempts = () =>
      Promise.all(workers.map(async ({ url }) => metricOf(await freshPage(url), 'sluice_upstream_attempts_total')));
    const before = await attempts();
    const asked = await askEvenly(scene(), { tokens: 3, perSecond: 60, forMs: 5000 });
    expect(outcomesOf(asked.map(({ request }) => request))).toEqual({ complete: asked.length });
    return (await attempts()).map((after, at) => after - (before[at] ?? NaN));
  }

  it('leaves the work to one that has time, keeps its own streams, and takes its share again later', async () => {
    const long = startMany(scene(), 40, { model: 'demo-i250', tokens: 60 });
    await untilAllSpeak(long);
    const [slow, free] = scene().fleet.workers;
    if (slow === undefined || free === undefined) throw new Error('there are two workers');
    for (const { url } of [slow, free]) expect(await metric(url, 'sluice_worker_active_jobs')).toBeGreaterThan(0);
    const giveTime = slowDown(slow);
    await until(async () => (await metric(slow.url, stopped)) > 0, { what: 'its intake to stop' });
    const meanwhile = await share();
    await giveTime();
    const later = await share();
    await allOver(long);
    expect(outcomesOf(long)).toEqual({ complete: 40 });
    expect(meanwhile[0]).toBeLessThan((meanwhile[1] ?? NaN) / 8);
    expect(later[0]).toBeGreaterThan((later[1] ?? NaN) / 5);
    await scene().expectInvariants({ maxCalls: 1 });
  });
});
