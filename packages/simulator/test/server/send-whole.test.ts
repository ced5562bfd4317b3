import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { eventually } from '../eventually.ts';
import { callRaw, type ConnectionEnd, type RawCall } from '../raw-call.ts';
import type { RawAnswer } from '../raw-answer.ts';
import { simulate } from '../simulate.ts';

function callWhole(simulator: Simulator, model: string): RawCall {
  return callRaw(simulator, model, { body: { stream: false, messages: [{ role: 'user', content: 'rid=r' }] } });
}

async function answerTo(model: string): Promise<RawAnswer & { readonly end: ConnectionEnd }> {
  return callWhole(await simulate(), model).finish();
}

function choiceOf({ body }: RawAnswer): unknown {
  return (JSON.parse(body.toString()) as { choices: unknown[] }).choices[0];
}

describe('a whole answer', () => {
  it.each<[string, ConnectionEnd]>([
    ['reset', 'rst'],
    ['close', 'fin'],
  ])('%s interrupts after half of the body', async (directive, end) => {
    const simulator = await simulate();
    const full = await callWhole(simulator, 'demo').finish();
    const answer = await callWhole(simulator, `demo-${directive}`).finish();
    expect(answer).toMatchObject({ status: 200, isComplete: false, end });
    expect(answer.body.length).toBe(Number(answer.headers['content-length']) >> 1);
    expect(answer.body.toString()).toContain(full.body.toString().slice(0, 20));
    expect(simulator.calls()[1]).toMatchObject({ outcome: 'faulted' });
  });

  it('stall sends nothing after half of the body', async () => {
    const simulator = await simulate();
    const call = callWhole(simulator, 'demo-stall');
    await eventually(() => expect(call.answer().body.length).toBeGreaterThan(0));
    await callWhole(simulator, 'demo').finish();
    expect(call.answer().isComplete).toBe(false);
    expect(simulator.calls()[0]?.outcome).toBe('open');
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
  });

  it.each(['half', 'badjson'])('%s is complete but not JSON', async (directive) => {
    const answer = await answerTo(`demo-${directive}`);
    expect(answer).toMatchObject({ status: 200, isComplete: true, headers: { 'content-type': 'application/json' } });
    expect(() => choiceOf(answer)).toThrow(SyntaxError);
  });

  it('badutf8 contains bytes that are not UTF-8', async () => {
    const { body } = await answerTo('demo-badutf8');
    expect(body.includes(Buffer.from([0xff, 0xc3, 0x28]))).toBe(true);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(body)).toThrow(TypeError);
  });

  it('huge is a valid answer of the given megabytes', async () => {
    const answer = await answerTo('demo-t1-huge2');
    expect(answer.body.length >> 20).toBe(2);
    expect(choiceOf(answer)).toMatchObject({ message: { content: expect.stringMatching(/^r\.0 x+$/) as string } });
  });

  it('errev is an error with status 200', async () => {
    const answer = await answerTo('demo-errev');
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { type: 'server_error' } });
  });

  it('empty has no content', async () => {
    const answer = await answerTo('demo-empty');
    expect(choiceOf(answer)).toMatchObject({ finish_reason: 'stop', message: { content: '' } });
  });

  it('cut has the first tokens and no finish_reason', async () => {
    const answer = await answerTo('demo-t9-cut-k3');
    expect(choiceOf(answer)).toMatchObject({ finish_reason: null, message: { content: 'r.0 r.1 r.2 ' } });
  });

  it('nodone has nothing to omit', async () => {
    const simulator = await simulate();
    const answer = await callWhole(simulator, 'demo-t1-nodone').finish();
    expect(choiceOf(answer)).toMatchObject({ finish_reason: 'stop' });
    expect(simulator.calls()[0]?.outcome).toBe('finished');
  });

  it('takes the time that all of its tokens take', async () => {
    const simulator = await simulate();
    await callWhole(simulator, 'demo-t5-i10-f20').finish();
    const [call] = simulator.calls();
    expect((call?.endedAt?.clockMs ?? 0) - (call?.startedAt.clockMs ?? 0)).toBeGreaterThanOrEqual(69);
  });

  it('split comes in pieces of seven bytes', async () => {
    const { pieces, isComplete } = await answerTo('demo-split');
    expect(isComplete).toBe(true);
    expect(new Set(pieces.slice(0, -1).map((piece) => piece.length))).toEqual(new Set([7]));
  });
});
