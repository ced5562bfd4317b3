import { setTimeout as delay } from 'node:timers/promises';
import { keys, type Scene } from './scene.ts';

/** Options of {@link runLoad}. */
export interface LoadOptions {
  readonly seconds: number;
  /** Called after a worker was killed and replaced. */
  readonly onReplaced: () => void;
}

/**
 * Runs a load with every event that the boards show: answers, late first tokens, gaps, retries, resumptions, lost streams,
 * limits of keys and of the fleet, credentials in cooldown, an open circuit, clients that leave, a killed worker. It ends by
 * itself.
 */
export async function runLoad(scene: Scene, { seconds, onReplaced }: LoadOptions): Promise<void> {
  const endsAt = performance.now() + seconds * 1000;
  /** Repeats an action until the end, with a pause in between. */
  const repeat = async (pauseMs: number, act: () => Promise<unknown>): Promise<void> => {
    while (performance.now() < endsAt) {
      await act();
      await delay(pauseMs);
    }
  };
  const { ask, simulator, fleet } = scene;
  await simulator.script([{ match: { model: 'limited*' }, times: 1000, directives: 'e429-r4' }]);
  await Promise.all([
    repeat(50, () => ask('demo-t40-i10-f80')),
    repeat(50, () => ask('demo-t20-i25-f150')),
    repeat(200, () => ask('demo-t30', { stream: false })),
    repeat(1500, () => ask('demo-t10-i10-f3000')),
    repeat(1000, () => ask('demo-t4-i1200-each')),
    repeat(1000, () => ask('demo-t60-i200')),
    repeat(300, () => ask('flaky-t1-e500-n1')),
    repeat(500, () => ask('flaky-t20-i20-reset-k10-n1')),
    repeat(2000, () => ask('flaky-t9-i20-reset-k4')),
    repeat(500, () => ask('limited-t5')),
    repeat(300, () => ask('broken')),
    repeat(700, () => ask('demo-t5', { key: keys.limited })),
    repeat(500, () => ask('demo-t20', { key: keys.spent })),
    repeat(500, () => ask('demo-t5-cr20')),
    repeat(1500, () => ask('demo-t5', { key: 'sk-that-is-not-known' })),
    repeat(1500, () => ask('no-such-model')),
    repeat(800, () => ask('demo-t1000-i20', { leaveAfterMs: 400 })),
    repeat(2000, () => listModels(scene)),
    repeat(6000, () => Promise.all(Array.from({ length: 40 }, () => ask('demo-t30-i40')))),
    loseWorker(seconds),
  ]);

  async function loseWorker(overSeconds: number): Promise<void> {
    await delay(overSeconds * 400);
    const streams = Array.from({ length: 4 }, () => ask('demo-t100-i30'));
    await delay(1500);
    fleet.workers[0]?.kill('SIGKILL');
    await fleet.add('worker');
    onReplaced();
    await Promise.all(streams);
  }
}

async function listModels({ fleet }: Scene): Promise<void> {
  const response = await fetch(`${fleet.urls[0]}/v1/models`, { headers: { authorization: `Bearer ${keys.open}` } });
  await response.text();
}
