import { describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { callRaw } from '../raw-call.ts';
import { simulate } from '../simulate.ts';

const whole = { stream: false };

describe.each([
  ['streamed', {}],
  ['whole', whole],
])('before a %s answer', (_, body) => {
  it('resetearly resets before any byte', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-resetearly', { body }).finish();
    expect(answer).toMatchObject({ status: undefined, end: 'rst' });
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', status: null, tokensSent: 0 });
  });

  it('resethead resets right after the headers', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-resethead', { body }).finish();
    expect(answer).toMatchObject({ status: 200, isComplete: false, end: 'rst' });
    expect(answer.body).toHaveLength(0);
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', status: 200, tokensSent: 0 });
  });

  it('hang gives no answer while the peer stays connected', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-hang', { body });
    await eventually(() => expect(simulator.calls()[0]?.directives).toBe('hang'));
    // Another call is answered completely in the meantime: the hanging one was processed.
    await callRaw(simulator, 'demo-t1').finish();
    expect(call.answer().status).toBeUndefined();
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'open', status: null });
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
  });

  it('html answers with a page', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-html', { body }).finish();
    expect(answer).toMatchObject({ status: 200, isComplete: true, headers: { 'content-type': 'text/html' } });
    expect(answer.body.toString()).toMatch(/^<!doctype html>/);
    expect(simulator.calls()[0]?.outcome).toBe('faulted');
  });

  it('eN answers with the status', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-e503', { body }).finish();
    expect(answer).toMatchObject({ status: 503, isComplete: true });
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', status: 503 });
  });

  it('fN delays the answer, including an error', async () => {
    const simulator = await simulate();
    await callRaw(simulator, 'demo-t1-f60', { body }).finish();
    await callRaw(simulator, 'demo-e503-f60', { body }).finish();
    for (const { startedAt, endedAt } of simulator.calls()) {
      expect((endedAt?.clockMs ?? 0) - startedAt.clockMs).toBeGreaterThanOrEqual(59);
    }
  });

  it('a peer that closes during the delay ends the call at once and permanently', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-f200', { body });
    await eventually(() => expect(simulator.calls()[0]?.directives).toBe('f200'));
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
    expect(simulator.stats()).toMatchObject({ open: 0, aborted: 1 });
    await callRaw(simulator, 'demo-t1-f220').finish();
    expect(simulator.calls()[0]).toMatchObject({ status: null, tokensSent: 0 });
  });
});
