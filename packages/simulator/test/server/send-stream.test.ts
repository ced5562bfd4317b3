import { describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { contentOf, dataOf } from '../raw-answer.ts';
import { callRaw } from '../raw-call.ts';
import { simulate } from '../simulate.ts';

const body = { messages: [{ role: 'user', content: 'rid=r' }] };
const eightTokens = Array.from({ length: 8 }, (_, seq) => `r.${seq} `).join('');

describe('a stream', () => {
  it('comes in one write if it is not paced', async () => {
    const answer = await callRaw(await simulate(), 'demo-t64', { body }).finish();
    expect(answer.pieces).toHaveLength(1);
    expect(dataOf(answer)).toHaveLength(64 + 3);
  });

  it('each writes every token separately', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-each', { body }).finish();
    expect(contentOf(answer)).toBe(eightTokens);
    expect(answer.pieces.map((piece) => piece.toString().match(/"content":"r/g)?.length)).toEqual(
      Array.from({ length: 8 }, () => 1),
    );
  });

  it.each([
    ['i10', 70],
    ['u5000', 35],
  ])('%s keeps its pace', async (directive, leastMs) => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, `demo-t8-${directive}`, { body }).finish();
    const [call] = simulator.calls();
    expect(contentOf(answer)).toBe(eightTokens);
    expect(answer.pieces.length).toBeGreaterThan(1);
    expect((call?.endedAt?.clockMs ?? 0) - (call?.startedAt.clockMs ?? 0)).toBeGreaterThanOrEqual(leastMs - 1);
  });

  it('u250 keeps a pace for which timers are too coarse', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t200-u250', { body }).finish();
    const [call] = simulator.calls();
    expect((call?.endedAt?.clockMs ?? 0) - (call?.startedAt.clockMs ?? 0)).toBeGreaterThanOrEqual(49);
    // Several tokens per millisecond share a write.
    expect(answer.pieces.length).toBeLessThan(150);
  });

  it('ping puts a comment before every token', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-ping', { body }).finish();
    expect(answer.body.toString().match(/(?<=^|\n\n): keep-alive\n\n/g)).toHaveLength(8);
    expect(contentOf(answer)).toBe(eightTokens);
  });

  it('crlf ends all lines with CRLF', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-crlf-ping', { body }).finish();
    expect(answer.body.toString().replaceAll('\r\n', '')).not.toContain('\n');
    expect(answer.body.toString()).toMatch(/\r\n\r\n$/);
    expect(contentOf(answer)).toBe(eightTokens);
  });

  it('split comes in pieces of seven bytes that cut characters', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-split-utf8', { body }).finish();
    expect(new Set(answer.pieces.map((piece) => piece.length))).toContain(7);
    expect(Math.max(...answer.pieces.map((piece) => piece.length))).toBe(7);
    expect(answer.pieces.some((piece) => piece.toString().includes('\uFFFD'))).toBe(true);
    expect(contentOf(answer)).toBe(eightTokens.replaceAll(' ', '.你好😀 '));
  });

  it('waits for a reader that does not read, and then continues', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-t1000-s20000', { body });
    call.socket.pause();
    let seen = 0;
    await eventually(() => {
      const before = seen;
      seen = simulator.calls()[0]?.tokensSent ?? 0;
      expect(seen).toBeGreaterThan(0);
      expect(seen).toBe(before);
    }, 50);
    expect(seen).toBeLessThan(1000);
    call.socket.resume();
    const answer = await call.finish();
    expect(dataOf(answer)).toHaveLength(1000 + 3);
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'finished', tokensSent: 1000 });
  });

  it('lets other streams be served while a long one runs', async () => {
    const simulator = await simulate();
    const long = callRaw(simulator, 'demo-t1000000', { body });
    await eventually(() => expect(simulator.calls()[0]?.tokensSent).toBeGreaterThan(0));
    await callRaw(simulator, 'demo-t1', { body }).finish();
    expect(simulator.calls()[0]?.outcome).toBe('open');
    long.leave();
  });

  it('sends nothing more after the peer has closed', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-t100-i40', { body });
    await eventually(() => expect(dataOf(call.answer()).length).toBeGreaterThan(1));
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
    const sent = simulator.calls()[0]?.tokensSent;
    await callRaw(simulator, 'demo-t1-f80').finish();
    expect(simulator.calls()[0]?.tokensSent).toBe(sent);
  });

  it('ends at once when the peer closes', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-t100-i600000', { body });
    await eventually(() => expect(dataOf(call.answer()).length).toBeGreaterThan(1));
    const leftAt = performance.now();
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
    const [record] = simulator.calls();
    expect(record).toMatchObject({ tokensSent: 1, abortedAt: record?.endedAt });
    expect((record?.abortedAt?.clockMs ?? Infinity) - leftAt).toBeLessThan(1000);
  });
});
