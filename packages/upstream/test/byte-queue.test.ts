import { describe, expect, it } from 'vitest';
import { createByteQueue } from '../src/coding/byte-queue.ts';

const piece = (length: number): Uint8Array => new Uint8Array(length);

describe('a queue of bytes', () => {
  it('gives its pieces in their order, and a piece that was put back first', () => {
    const queue = createByteQueue(100);
    const [first, second, rest] = [piece(1), piece(2), piece(3)];
    queue.push(first);
    queue.push(second);
    expect(queue.peek()).toBe(first);
    queue.shift();
    queue.unshift(rest);
    expect(queue.peek()).toBe(rest);
    queue.shift();
    expect(queue.peek()).toBe(second);
    queue.shift();
    expect(queue.peek()).toBeUndefined();
  });

  it('is full beyond its bound, until enough bytes are released', () => {
    const queue = createByteQueue(10);
    queue.push(piece(10));
    expect(queue.isFull()).toBe(false);
    queue.push(piece(5));
    queue.shift();
    // A removed piece counts until its bytes have been used.
    expect(queue.isFull()).toBe(true);
    expect(queue.release(4)).toBe(false);
    expect(queue.release(6)).toBe(true);
    expect([queue.isFull(), queue.release(5)]).toEqual([false, false]);
  });
});
