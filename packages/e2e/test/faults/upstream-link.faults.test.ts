import { type ChaosProxy, startChaosProxy, until } from '@sluice/testkit';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { upstream } from '../sluice.ts';
import { startMany } from './ask.ts';
import { type Asked, allOver, outcomesOf, untilAllSpeak, useScene } from './scene.ts';

/** The link from the workers to the provider. */
let link: ChaosProxy;

const idleMs = 1000;

describe('the link to the provider', () => {
  const scene = useScene({
    ingresses: 1,
    workers: 2,
    async config(simulatorUrl) {
      const { hostname, port } = new URL(simulatorUrl);
      link = await startChaosProxy({ target: { host: hostname, port: Number(port) } });
      return {
        upstreams: [upstream('sim', link.through(simulatorUrl).replace(/\/$/, ''))],
        timeouts: { first_token_ms: 1500, idle_ms: idleMs, total_ms: 30_000 },
        retry: { max_attempts: 8, base_delay_ms: 200, max_delay_ms: 500 },
        circuit: { failures: 10_000 },
      };
    },
  });
  afterAll(() => link.close());
  beforeEach(() => link.set({ kind: 'pass' }));

  const streams = (count: number, tokens: number): Asked[] => startMany(scene(), count, { model: 'demo-i40', tokens });

  it.each([
    ['is slow', { kind: 'latency', ms: 50, jitterMs: 30 }],
    ['delivers byte by byte', { kind: 'slice', bytes: 1 }],
  ] as const)('%s: no client is affected', async (_what, mode) => {
    link.set(mode);
    const asked = streams(10, 20);
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 10 });
  });

  it('is cut in the middle of 20 streams: they continue', async () => {
    const asked = streams(20, 60);
    await untilAllSpeak(asked, 30);
    link.set({ kind: 'reset' });
    link.set({ kind: 'pass' });
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 20 });
  });

  it.each(['both', 'up', 'down'] as const)(
    'goes silent (%s) for a while: streams continue when it is back',
    async (direction) => {
      const asked = streams(10, 60);
      await untilAllSpeak(asked, 30);
      const darkAt = performance.now();
      link.set({ kind: 'blackhole', direction });
      await until(() => performance.now() - darkAt > 2 * idleMs, { what: 'the silence to be noticed' });
      link.set({ kind: 'pass' });
      await allOver(asked);
      expect(outcomesOf(asked)).toEqual({ complete: 10 });
    },
  );

  it('refuses all connections for a second: requests wait for it', async () => {
    link.set({ kind: 'reset' });
    const asked = streams(5, 5);
    const since = performance.now();
    await until(() => performance.now() - since > 1000, { what: 'a second to pass' });
    link.set({ kind: 'pass' });
    await allOver(asked);
    expect(outcomesOf(asked)).toEqual({ complete: 5 });
    await scene().expectInvariants({ maxCalls: 8 });
  });
});
