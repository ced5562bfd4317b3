import { afterFile, type ServiceProcess, startChaosProxy, until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { untilOccupied } from '../traffic.ts';
import { startMany } from './ask.ts';
import { allOver, type Asked, kill, outcomesOf, type Scene, startScene, untilAllSpeak, useScene } from './scene.ts';

describe('F4 the only worker freezes for 15 s', () => {
  const scene = useScene({ ingresses: 1, workers: 1, config: { limits: { lease_ms: 4000 } } });

  it('and then serves the waiting requests, once', async () => {
    const asked = startMany(scene(), 5, { model: 'demo-i30', tokens: 60 });
    await untilAllSpeak(asked, 30);
    const [worker] = scene().fleet.workers;
    const frozenAt = performance.now();
    worker?.kill('SIGSTOP');
    await until(() => performance.now() - frozenAt > 15_000, { what: '15 s', timeoutMs: 16_000, intervalMs: 100 });
    worker?.kill('SIGCONT');
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 5 });
    await scene().expectInvariants();
  });
});

describe('F6 an ingress is killed with 50 streams', () => {
  const scene = useScene({ ingresses: 2, workers: 2, config: { limits: { lease_ms: 5000 } } });

  it('their calls are closed within 5 s and their leases end in time; the other ingress is unaffected', async () => {
    const lost = startMany(scene(), 50, { model: 'demo-i100', tokens: 2000, at: 0 });
    const others = startMany(scene(), 20, { model: 'demo-i50', tokens: 150, at: 1 });
    await untilAllSpeak([...lost, ...others]);
    const killedAt = kill(scene(), scene().fleet.ingresses[0]);
    await allOver(lost);
    expect(outcomesOf(lost)).toEqual({ broken: 50 });
    const openOf = async (): Promise<number> =>
      (await scene().simulator.calls()).filter(({ model, outcome }) => model.includes('i100') && outcome === 'open')
        .length;
    await until(async () => (await openOf()) === 0, { what: 'their calls to be closed' });
    expect(performance.now() - killedAt).toBeLessThan(5000);
    await untilOccupied(scene(), { running: 20, waiting: 0, at: 1 });
    expect(performance.now() - killedAt).toBeLessThan(7000);
    await allOver(others);
    expect(outcomesOf(others)).toEqual({ complete: 20 });
    await scene().expectInvariants();
  });
});

describe('F7 ingresses are replaced one by one under 20 requests a second', () => {
  const scene = useScene({ ingresses: 2, workers: 1 });

  /** Alternates between the ingresses that are ready by a check every 100 ms, as a load balancer does. */
  function balance(): { next(): number; stop(): void } {
    let ready: number[] = [0, 1];
    let turn = 0;
    const look = async (): Promise<void> => {
      const states = await Promise.all(
        scene().fleet.urls.map((url) =>
          fetch(`${url}/readyz`).then(
            ({ status }) => status === 200,
            () => false,
          ),
        ),
      );
      ready = states.flatMap((isReady, at) => (isReady ? [at] : []));
    };
    const timer = setInterval(() => void look(), 100);
    return { next: () => ready[turn++ % ready.length] ?? 0, stop: () => clearInterval(timer) };
  }

  it('and no request fails', async () => {
    const balancer = balance();
    const asked: Asked[] = [];
    const traffic = setInterval(
      () => asked.push(scene().ask({ model: 'demo-i10', tokens: 20, at: balancer.next() })),
      50,
    );
    const running = [0, 1].flatMap((at) => startMany(scene(), 10, { model: 'demo-i50', tokens: 100, at }));
    await untilAllSpeak(running);
    const old = [...scene().fleet.ingresses];
    for (const leaving of old) {
      await scene().add('ingress');
      scene().mayEnd.add(leaving);
      leaving.kill('SIGTERM');
      expect(await leaving.exited).toEqual({ code: 0, signal: null });
    }
    clearInterval(traffic);
    balancer.stop();
    await allOver([...running, ...asked]);
    expect(asked.length).toBeGreaterThan(80);
    expect(outcomesOf(running)).toEqual({ complete: 20 });
    expect(outcomesOf(asked)).toEqual({ complete: asked.length });
    await scene().expectInvariants();
  });
});

describe('F28 clocks that are five minutes apart', () => {
  const scene = useScene({
    ingresses: 1,
    workers: 1,
    config: { limits: { max_concurrent_requests: 3, queue_size: 50, lease_ms: 4000 } },
  });

  const skewed = (ms: number): Record<string, string> => ({
    NODE_OPTIONS: `--import=data:text/javascript,const{now}=Date;Date.now=()=>now()+${ms}`,
  });

  it('change neither limits nor leases nor deadlines', async () => {
    const [first] = scene().fleet.workers;
    await Promise.all([scene().add('ingress', skewed(300_000)), scene().add('ingress', skewed(-300_000))]);
    await Promise.all([scene().add('worker', skewed(300_000)), scene().add('worker', skewed(-300_000))]);
    scene().mayEnd.add(first as ServiceProcess);
    await first?.stop();
    const asked = Array.from({ length: 30 }, (_, at) => scene().ask({ model: 'demo-i20', tokens: 20, at: at % 3 }));
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 30 });
    expect((await scene().simulator.stats()).peakOpen).toBeLessThanOrEqual(3);
    const long = scene().ask({ model: 'demo-i50', tokens: 120, at: 1 });
    await untilAllSpeak([long]);
    await untilOccupied(scene(), { running: 1, waiting: 0, at: 2 });
    await long.over;
    expect(long.outcome).toBe('complete');
    await scene().expectInvariants();
  });
});

describe('F42 the trace collector accepts nothing any more', () => {
  let scene: Scene;
  beforeAll(async () => {
    const collector = await startChaosProxy({ target: { host: '127.0.0.1', port: 9 }, mode: { kind: 'blackhole' } });
    afterFile(() => collector.close());
    scene = await startScene({
      ingresses: 1,
      workers: 1,
      env: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.port}` },
    });
  });

  it('requests are served as usual, and the processes stop in time', async () => {
    for (let round = 0; round < 20; round++) {
      const asked = startMany(scene, 20, { tokens: 5 });
      await allOver(asked);
      expect(outcomesOf(asked)).toEqual({ complete: 20 });
    }
    await scene.expectInvariants();
    for (const each of [...scene.fleet.ingresses, ...scene.fleet.workers]) {
      scene.mayEnd.add(each);
      const toldAt = performance.now();
      each.kill('SIGTERM');
      expect(await each.exited).toEqual({ code: 0, signal: null });
      expect(performance.now() - toldAt).toBeLessThan(10_000);
    }
  });
});
