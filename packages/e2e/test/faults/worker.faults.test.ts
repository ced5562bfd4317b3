import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { busyWorkers } from '../traffic.ts';
import { startMany } from './ask.ts';
import { allOver, kill, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

const longLease = { limits: { lease_ms: 4000 } };

describe('F1 a worker is killed before the first token', () => {
  const scene = useScene({ ingresses: 2, workers: 2, config: longLease });

  it('the requests run once more on another one, and the clients see whole answers', async () => {
    const asked = startMany(scene(), 10, { model: 'demo-f1500', tokens: 20 });
    await until(async () => (await scene().simulator.stats()).open === 10, { what: 'the provider to be called' });
    const [victim] = await busyWorkers(scene());
    const killedAt = kill(scene(), victim);
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 10 });
    // 1.5 s of it is the provider's.
    for (const { endedAt } of asked) expect(endedAt - killedAt).toBeLessThan(6500);
    await scene().expectInvariants();
  });
});

describe('F2 a worker is killed in the middle of 50 streams', () => {
  const scene = useScene({ ingresses: 2, workers: 2, config: longLease });

  it('each is resumed from the delivered text within 4 s, or ends in an error event', async () => {
    const asked = startMany(scene(), 50, { model: 'demo-i60', tokens: 100 });
    await untilAllSpeak(asked, 20);
    kill(scene(), (await busyWorkers(scene()))[0]);
    await allOver(asked);
    const outcomes = outcomesOf(asked);
    expect((outcomes.complete ?? 0) + (outcomes['error event'] ?? 0)).toBe(50);
    expect(outcomes.complete).toBe(50);
    for (const { longestGapMs } of asked) expect(longestGapMs).toBeLessThan(4000);
    await scene().expectInvariants();
  });

  it('the fleet still serves', async () => {
    const asked = startMany(scene(), 20, { tokens: 5 });
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 20 });
  });
});

describe('F3 a worker gets a stop signal under load', () => {
  const scene = useScene({ ingresses: 1, workers: 2, config: longLease, env: { DRAIN_TIMEOUT_MS: '2500' } });

  it('ends the answers that fit into its time, gives back the other runs, and exits', async () => {
    const short = startMany(scene(), 15, { model: 'demo-i20', tokens: 60 });
    const long = startMany(scene(), 15, { model: 'demo-i50', tokens: 120 });
    await untilAllSpeak([...short, ...long]);
    const [leaving] = await busyWorkers(scene());
    if (leaving === undefined) throw new Error('no worker is busy');
    scene().mayEnd.add(leaving);
    const toldAt = performance.now();
    leaving.kill('SIGTERM');
    expect(await leaving.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - toldAt).toBeLessThan(4500);
    await allOver([...short, ...long]);
    expect(outcomesOf(short)).toEqual({ complete: 15 });
    // The other worker resumes the remaining answers.
    expect(outcomesOf(long)).toEqual({ complete: 15 });
    await scene().expectInvariants();
  });
});

describe('F5 a worker that freezes for 20 s and wakes up', () => {
  const scene = useScene({ ingresses: 1, workers: 2, config: longLease });

  it('is replaced before that, reaches no client and closes its calls', async () => {
    const asked = startMany(scene(), 20, { model: 'demo-i40', tokens: 400 });
    await untilAllSpeak(asked, 50);
    const [zombie] = await busyWorkers(scene());
    if (zombie === undefined) throw new Error('no worker is busy');
    const frozenAt = performance.now();
    zombie.kill('SIGSTOP');
    const textThen = asked.map(({ text }) => text.length);
    await until(() => performance.now() - frozenAt > 4000, { what: '4 s to pass', timeoutMs: 5000, intervalMs: 50 });
    const { open: openThen } = await scene().simulator.stats();
    await until(() => asked.every(({ text }, at) => text.length > (textThen[at] ?? 0)), {
      what: 'all streams to continue',
      timeoutMs: 20_000,
    });
    expect(openThen).toBeGreaterThan(20);
    await until(() => performance.now() - frozenAt > 20_000, {
      what: '20 s to pass',
      timeoutMs: 21_000,
      intervalMs: 100,
    });
    zombie.kill('SIGCONT');
    const wokenAt = performance.now();
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 20 });
    await until(async () => (await scene().simulator.stats()).open === 0, { what: 'its calls to be closed' });
    expect(performance.now() - wokenAt).toBeLessThan(8000);
    await scene().expectInvariants();
  });
});
