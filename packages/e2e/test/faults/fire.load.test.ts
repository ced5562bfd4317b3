import { type ServiceProcess, until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { untilOccupied } from '../traffic.ts';
import { startMany } from './ask.ts';
import { allOver, type Asked, kill, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

describe('F26 limits under fire', () => {
  const limit = 20;
  const leaseMs = 6000;
  const scene = useScene({
    ingresses: 4,
    workers: 3,
    config: {
      limits: { max_concurrent_requests: limit, queue_size: 500, max_queue_wait_ms: 20_000, lease_ms: leaseMs },
    },
  });

  it('hold while ingresses and workers are killed for a minute, and no lease stays taken', async () => {
    const endsAt = performance.now() + 60_000;
    const asked: Asked[] = [];
    let alive = [0, 1, 2, 3];
    async function client(number: number): Promise<void> {
      while (performance.now() < endsAt) {
        const at = alive[number % alive.length] ?? 0;
        const each = scene().ask({ model: 'demo-i20', tokens: 25, at });
        asked.push(each);
        await each.over;
        // Until a new ingress replaces the killed one, more requests would only add refused connections.
        if (each.outcome === 'broken')
          await until(() => alive[number % alive.length] !== at, { what: 'another ingress' });
      }
    }
    async function fire(): Promise<void> {
      for (let round = 0; performance.now() < endsAt - 8000; round++) {
        const next = performance.now() + 5000;
        const kind = round % 2 === 0 ? 'worker' : 'ingress';
        const those: readonly ServiceProcess[] = scene().fleet[kind === 'worker' ? 'workers' : 'ingresses'];
        const victim = those.find((each) => !scene().mayEnd.has(each));
        if (kind === 'ingress') alive = alive.filter((at) => those[at] !== victim);
        kill(scene(), victim);
        await scene().add(kind);
        if (kind === 'ingress') alive = [...alive, those.length - 1];
        await until(() => performance.now() >= next, { what: 'the next kill', intervalMs: 50 });
      }
    }
    await Promise.all([fire(), ...Array.from({ length: 200 }, (_, number) => client(number))]);
    const outcomes = outcomesOf(asked);
    expect(outcomes.complete).toBeGreaterThan(500);
    expect((await scene().simulator.stats()).peakOpen).toBeLessThanOrEqual(limit);
    await untilOccupied(scene(), { running: 0, waiting: 0, at: alive[0] ?? 0 });
    await scene().expectInvariants({ leaseMs });
  });
});

describe('a rolling restart of both under 500 open streams', () => {
  const scene = useScene({ ingresses: 2, workers: 2 });

  it('breaks none', async () => {
    const streams = Array.from({ length: 500 }, (_, at) => scene().ask({ model: 'demo-i250', tokens: 80, at: at % 2 }));
    await untilAllSpeak(streams);
    const leaving = [...scene().fleet.workers, ...scene().fleet.ingresses];
    for (const [at, each] of leaving.entries()) {
      await scene().add(at < 2 ? 'worker' : 'ingress');
      scene().mayEnd.add(each);
      each.kill('SIGTERM');
    }
    for (const each of leaving) expect(await each.exited).toEqual({ code: 0, signal: null });
    await allOver(streams);
    expect(outcomesOf(streams)).toEqual({ complete: 500 });
    const after = startMany(scene(), 10, { tokens: 3, at: 2 });
    await allOver(after);
    expect(outcomesOf(after)).toEqual({ complete: 10 });
    await scene().expectInvariants({ maxCalls: 1 });
  });
});
