import type { Frame } from '@sluice/protocol';
import { createPublisher } from '@sluice/relay';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

function setUp() {
  const sent: Frame[] = [];
  const publisher = createPublisher({
    writer: {
      send(_destination, frame) {
        sent.push(frame);
        return 'queued';
      },
      isCongested: () => false,
      onceWritable: (_destination, callback) => callback(),
      flushed: () => Promise.resolve(),
      close: () => undefined,
    },
    destination: 'i-1',
    requestId: 'r',
    epoch: 1,
  });
  return { publisher, sent };
}

describe('a publisher', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('numbers its frames', () => {
    const { publisher, sent } = setUp();
    publisher.send('started', { workerId: 'w' });
    publisher.data('a');
    expect(sent.map(({ seq, kind, data }) => [seq, kind, data])).toEqual([
      [0, 'started', '{"workerId":"w"}'],
      [1, 'data', 'a'],
    ]);
  });

  it('limits each run to its share of the mailbox per interval', () => {
    const { publisher } = setUp();
    const half = 'x'.repeat(128 * 1024);
    publisher.data(half);
    expect(publisher.isCongested()).toBe(false);
    publisher.data(half);
    expect(publisher.isCongested()).toBe(true);
    let isWritable = false;
    publisher.onceWritable(() => (isWritable = true));
    vi.advanceTimersByTime(40);
    expect(isWritable).toBe(false);
    vi.advanceTimersByTime(11);
    expect([isWritable, publisher.isCongested()]).toEqual([true, false]);
  });

  it('counts only recent bytes', () => {
    const { publisher } = setUp();
    publisher.data('x'.repeat(250 * 1024));
    vi.advanceTimersByTime(60);
    publisher.data('x'.repeat(10 * 1024));
    expect(publisher.isCongested()).toBe(false);
  });
});
