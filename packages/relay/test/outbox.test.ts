import type { Frame } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import {
  acknowledge,
  createOutbox,
  empty,
  isCongested,
  put,
  release,
  releaseIfFree,
  takeBatch,
} from '../src/outbox.ts';

const mebibyte = 1024 * 1024;
const frame = (over: Partial<Frame> = {}): Frame => ({
  requestId: 'r',
  epoch: 1,
  seq: 0,
  kind: 'data',
  data: 'x',
  ...over,
});

describe('an outbox', () => {
  it('joins data to the data of the same run that waits before it', () => {
    const outbox = createOutbox();
    expect(put(outbox, frame({ data: 'one' }))).toBe('queued');
    expect(put(outbox, frame({ seq: 1, data: ' two' }))).toBe('joined');
    expect(takeBatch(outbox)).toEqual([frame({ data: 'one two' })]);
  });

  it.each<[string, Partial<Frame>, Partial<Frame>]>([
    ['of another request', {}, { requestId: 's' }],
    ['of another run', {}, { epoch: 2 }],
    ['of another kind', {}, { kind: 'end' }],
    ['after another kind', { kind: 'started' }, {}],
  ])('does not join a frame %s', (_what, first, second) => {
    const outbox = createOutbox();
    put(outbox, frame(first));
    expect(put(outbox, frame(second))).toBe('queued');
    expect(takeBatch(outbox)).toHaveLength(2);
  });

  it('leaves the given frame as it is when it joins another to it', () => {
    const outbox = createOutbox();
    const given = frame();
    put(outbox, given);
    put(outbox, frame({ data: 'y' }));
    expect(given.data).toBe('x');
  });

  it('takes batches of 1 MiB, and a larger frame alone', () => {
    const outbox = createOutbox();
    const sizes = [mebibyte / 2, mebibyte / 4, mebibyte / 2, 3 * mebibyte, 1];
    for (const [at, size] of sizes.entries()) put(outbox, frame({ requestId: `r${at}`, data: 'x'.repeat(size) }));
    const batches = Array.from({ length: 5 }, () => takeBatch(outbox).map(({ requestId }) => requestId));
    expect(batches).toEqual([['r0', 'r1'], ['r2'], ['r3'], ['r4'], []]);
  });

  it('is congested beyond 4 MiB until its batches have arrived', () => {
    const outbox = createOutbox();
    put(outbox, frame({ data: 'x'.repeat(4 * mebibyte) }));
    expect(isCongested(outbox)).toBe(true);
    const batch = takeBatch(outbox);
    expect(isCongested(outbox)).toBe(true);
    acknowledge(outbox, batch);
    expect([isCongested(outbox), outbox.pendingBytes]).toEqual([false, 0]);
  });

  it('lets its sources continue once half of the limit is free, each once', () => {
    const outbox = createOutbox();
    let calls = 0;
    outbox.waiting.push(() => calls++);
    put(outbox, frame({ data: 'x'.repeat(3 * mebibyte) }));
    releaseIfFree(outbox);
    expect(calls).toBe(0);
    acknowledge(outbox, takeBatch(outbox));
    releaseIfFree(outbox);
    release(outbox);
    expect(calls).toBe(1);
  });

  it('counts nothing of a mailbox that is gone', () => {
    const outbox = createOutbox();
    put(outbox, frame({ data: 'x'.repeat(5 * mebibyte) }));
    empty(outbox);
    expect([isCongested(outbox), takeBatch(outbox)]).toEqual([false, []]);
  });
});
