import { describe, expect, it } from 'vitest';
import { type ScriptRule, startSimulator } from '../src/index.ts';
import { clientOf, requestFor, simulate } from './simulate.ts';

describe('startSimulator', () => {
  it('returns its address', async () => {
    const simulator = await simulate();
    expect(simulator.port).toBeGreaterThan(0);
    expect(simulator.url).toBe(`http://127.0.0.1:${simulator.port}`);
  });

  it('writes an IPv6 address in URL form', async () => {
    const simulator = await startSimulator({ port: 0, host: '::1' });
    expect(simulator.url).toBe(`http://[::1]:${simulator.port}`);
    expect((await fetch(`${simulator.url}/_sim/stats`)).status).toBe(200);
    await simulator.close();
  });

  it('deletes calls, tries and the script on a reset', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator);
    simulator.script([{ directives: 'e503' }]);
    await expect(client.chat.completions.create(requestFor('demo-e429-n1'))).rejects.toMatchObject({ status: 503 });
    simulator.reset();
    expect(simulator.calls()).toEqual([]);
    expect(simulator.stats()).toMatchObject({ total: 0, byStatus: {}, byCredential: {} });
    await expect(client.chat.completions.create(requestFor('demo-e429-n1'))).rejects.toMatchObject({ status: 429 });
    await expect(client.chat.completions.create(requestFor('demo-e429-n1'))).resolves.toBeDefined();
  });

  it('refuses a script that it can’t read', async () => {
    const simulator = await simulate();
    const rule: ScriptRule = { directives: 'e503', times: 0 };
    expect(() => simulator.script([rule])).toThrow(new TypeError('rules[0].times must be a whole number from 1.'));
  });

  it('returns copies of its records', async () => {
    const simulator = await simulate();
    await clientOf(simulator).chat.completions.create(requestFor('demo'));
    const [before] = simulator.calls();
    simulator.reset();
    expect(before?.outcome).toBe('finished');
  });
});
