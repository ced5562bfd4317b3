import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { contentOf, dataOf, type RawAnswer } from '../raw-answer.ts';
import { callRaw } from '../raw-call.ts';
import { clientOf, requestFor, simulate } from '../simulate.ts';

const body = { messages: [{ role: 'user', content: 'rid=r' }] };

/** Returns the number of content tokens before the first event that can't be parsed, or before the end. */
function tokensIn(answer: RawAnswer): number {
  return answer.body.toString().match(/"content":"r\.\d+ "/g)?.length ?? 0;
}

describe('inside a stream', () => {
  it('reset breaks the connection after the tokens before it have arrived', async () => {
    const simulator = await simulate();
    for (let round = 0; round < 50; round += 1) {
      const answer = await callRaw(simulator, 'demo-t8-reset-k3', { body }).finish();
      expect(answer).toMatchObject({ status: 200, isComplete: false, end: 'rst' });
      expect(contentOf(answer)).toBe('r.0 r.1 r.2 ');
    }
    expect(simulator.stats()).toMatchObject({ open: 0, aborted: 0 });
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', tokensSent: 3 });
  });

  it('close ends the connection without the last chunk', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t8-close', { body }).finish();
    expect(answer).toMatchObject({ isComplete: false, end: 'fin' });
    expect(contentOf(answer)).toBe('r.0 r.1 ');
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', tokensSent: 2 });
  });

  it('cut ends the body properly, without finish_reason and [DONE]', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t8-cut-k4', { body }).finish();
    expect(answer.isComplete).toBe(true);
    expect(contentOf(answer)).toBe('r.0 r.1 r.2 r.3 ');
    expect(answer.body.toString()).not.toMatch(/DONE|"finish_reason":"/);
    expect(simulator.calls()[0]?.outcome).toBe('faulted');
  });

  it('half ends the body properly in the middle of an event', async () => {
    const simulator = await simulate();
    for (const choices of [1, 2]) {
      const answer = await callRaw(simulator, 'demo-t8-half', { body: { ...body, n: choices } }).finish();
      const last = dataOf(answer).at(-1) ?? '';
      expect(answer.isComplete).toBe(true);
      expect(tokensIn(answer)).toBe(2 * choices);
      expect(answer.body.toString().endsWith(last)).toBe(true);
      expect(() => JSON.parse(last) as unknown).toThrow(SyntaxError);
    }
  });

  it('stall sends nothing more and stays until the peer closes', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-t8-stall', { body });
    await eventually(() => expect(contentOf(call.answer())).toBe('r.0 r.1 '));
    await callRaw(simulator, 'demo-t1').finish();
    expect(tokensIn(call.answer())).toBe(2);
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'open', tokensSent: 2 });
    call.leave();
    await eventually(() => expect(simulator.calls()[0]).toMatchObject({ outcome: 'aborted' }));
  });

  it('stall stays silent when a slow peer reads again', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo-t400-s20000-stall-k300', { body });
    call.socket.pause();
    await eventually(() => expect(simulator.calls()[0]?.tokensSent).toBeGreaterThan(0));
    call.socket.resume();
    await eventually(() => expect(dataOf(call.answer())).toHaveLength(301));
    await callRaw(simulator, 'demo-t1').finish();
    expect(dataOf(call.answer())).toHaveLength(301);
    call.leave();
  });

  it('errev sends an error event and ends, and the SDK throws it', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t8-errev', { body }).finish();
    const data = dataOf(answer);
    expect(answer.isComplete).toBe(true);
    expect(JSON.parse(data.at(-1) ?? '')).toEqual({
      error: { message: expect.any(String) as string, type: 'server_error', param: null, code: null },
    });
    expect(tokensIn(answer)).toBe(2);
    const stream = await clientOf(simulator).chat.completions.create({ ...requestFor('demo-errev'), stream: true });
    await expect(stream.toReadableStream().pipeTo(new WritableStream())).rejects.toBeInstanceOf(OpenAI.APIError);
  });

  it('badjson inserts an event that can’t be parsed and continues', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t8-badjson', { body }).finish();
    const data = dataOf(answer);
    // The role and two tokens come first.
    expect(() => JSON.parse(data[3] ?? '') as unknown).toThrow(SyntaxError);
    expect(tokensIn(answer)).toBe(8);
    expect(data.at(-1)).toBe('[DONE]');
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', tokensSent: 8 });
  });

  it('badutf8 inserts an event that is not UTF-8 and continues', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-badutf8', { body }).finish();
    expect(answer.body.includes(Buffer.from([0x22, 0xff, 0xc3, 0x28, 0x22]))).toBe(true);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(answer.body)).toThrow(TypeError);
    expect(tokensIn(answer)).toBe(8);
    expect(dataOf(answer).at(-1)).toBe('[DONE]');
  });

  it('huge inserts an event of the given megabytes and continues', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-huge3', { body }).finish();
    const sizes = dataOf(answer).map((data) => data.length);
    expect(Math.max(...sizes) >> 20).toBe(3);
    expect(sizes.findIndex((size) => size > 1000)).toBe(3);
    expect(tokensIn(answer)).toBe(8);
    expect(dataOf(answer).at(-1)).toBe('[DONE]');
  });

  it('nodone omits [DONE]', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo-t2-nodone', { body }).finish();
    expect(answer.isComplete).toBe(true);
    expect(dataOf(answer).at(-1)).toContain('"finish_reason":"stop"');
    expect(simulator.calls()[0]?.outcome).toBe('faulted');
  });

  it('empty sends everything except tokens', async () => {
    const simulator = await simulate();
    const usage = { stream_options: { include_usage: true } };
    const answer = await callRaw(simulator, 'demo-empty-q2', { body: { ...body, ...usage } }).finish();
    const data = dataOf(answer);
    expect(data).toHaveLength(4);
    expect(contentOf(answer)).toBe('');
    expect(data[2]).toContain('"completion_tokens":0');
    expect(simulator.calls()[0]).toMatchObject({ outcome: 'faulted', tokensSent: 0 });
  });

  it.each(['reset', 'close', 'cut', 'errev'])('%s takes effect before the first event if k is 0', async (directive) => {
    const answer = await callRaw(await simulate(), `demo-${directive}-k0`, { body }).finish();
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).not.toContain('choices');
  });

  it('a fault takes effect after the last token if there are fewer than k', async () => {
    const answer = await callRaw(await simulate(), 'demo-t3-cut-k10', { body }).finish();
    expect(contentOf(answer)).toBe('r.0 r.1 r.2 ');
    expect(answer.body.toString()).not.toContain('[DONE]');
  });

  it('reasoning does not count towards k', async () => {
    const answer = await callRaw(await simulate(), 'demo-t8-q5-cut-k1', { body }).finish();
    expect(contentOf(answer)).toBe('r.0 ');
    expect(answer.body.toString().match(/reasoning_content/g)).toHaveLength(5);
  });
});
