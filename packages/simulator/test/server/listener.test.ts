import { once } from 'node:events';
import { createServer, Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSimulator } from '../../src/index.ts';
import { eventually } from '../eventually.ts';
import { callRaw } from '../raw-call.ts';
import { simulate } from '../simulate.ts';

async function statsOf(url: string): Promise<number> {
  return (await fetch(`${url}/_sim/stats`, { headers: { connection: 'close' } })).status;
}

const refused = { cause: { code: 'ECONNREFUSED' } };

describe('refusing', () => {
  it('cuts open connections, refuses new ones, and listens again on the same port', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-stall');
    await eventually(() => expect(call.answer().status).toBe(200));
    await simulator.refuse(300);
    await expect(statsOf(simulator.url)).rejects.toMatchObject(refused);
    expect(await call.finish()).toMatchObject({ isComplete: false });
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', abortedAt: null });
    await eventually(async () => expect(await statsOf(simulator.url)).toBe(200));
    expect(simulator.stats()).toMatchObject({ total: 1, open: 0 });
  });

  it('can be requested over HTTP, which is answered first', async () => {
    const simulator = await simulate();
    const response = await fetch(`${simulator.url}/_sim/refuse`, { method: 'POST', body: '{"ms":300}' });
    expect(await response.json()).toEqual({ ms: 300 });
    await eventually(() => expect(statsOf(simulator.url)).rejects.toMatchObject(refused));
    await eventually(async () => expect(await statsOf(simulator.url)).toBe(200));
  });

  it('lasts as long as the last request for it', async () => {
    const simulator = await simulate();
    await simulator.refuse(600_000);
    await simulator.refuse(1);
    await eventually(async () => expect(await statsOf(simulator.url)).toBe(200));
  });

  it('resumes late rather than never if another process took the port', async () => {
    const simulator = await simulate();
    await simulator.refuse(1);
    const attempts = vi.spyOn(Server.prototype, 'listen');
    onTestFinished(() => attempts.mockRestore());
    const squatter = createServer().listen(simulator.port, '127.0.0.1');
    await once(squatter, 'listening');
    // The other process's own attempt, one in vain, and the next.
    await eventually(() => expect(attempts.mock.calls.length).toBeGreaterThanOrEqual(3));
    squatter.close();
    await eventually(async () => expect(await statsOf(simulator.url)).toBe(200));
  });

  it('rejects a duration of zero or without end', async () => {
    const simulator = await simulate();
    for (const ms of [0, -1, 1.5, Number.NaN, 600_001]) {
      await expect(simulator.refuse(ms)).rejects.toThrow(RangeError);
    }
  });
});

describe('closing', () => {
  it('cuts open connections and frees the port', async () => {
    const simulator = await startSimulator({ port: 0 });
    const call = callRaw(simulator, 'demo-hang');
    await eventually(() => expect(simulator.stats().open).toBe(1));
    await simulator.close();
    expect(await call.finish()).toMatchObject({ status: undefined });
    await expect(statsOf(simulator.url)).rejects.toMatchObject(refused);
    const next = await startSimulator({ port: simulator.port });
    await next.close();
  });

  it('while refusing is permanent', async () => {
    const simulator = await startSimulator({ port: 0 });
    await Promise.all([simulator.refuse(1), simulator.close()]);
    const next = await startSimulator({ port: simulator.port });
    expect(next.port).toBe(simulator.port);
    await next.close();
  });

  it('a port in use is reported by the system’s error', async () => {
    const { port } = await simulate();
    await expect(startSimulator({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});
