import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createInquiry } from '../../../src/inference/exchange/inquiry.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(...fleet: string[]) {
  const sent: string[] = [];
  const heard: string[] = [];
  const inquiry = createInquiry({
    requestId: 'r',
    roster: { members: () => fleet },
    writer: {
      send(destination, { requestId, epoch, seq, kind, data }) {
        sent.push(`${destination} ${kind} ${requestId}.${epoch} ${seq}${data}`);
        return 'queued';
      },
    },
    onDisclaimed: () => heard.push('disclaimed'),
    onSilence: () => heard.push('silence'),
  });
  return { inquiry, sent, heard, fleet };
}

describe('an inquiry', () => {
  it('asks every worker of the fleet for the run', () => {
    const { inquiry, sent, heard } = setUp('v', 'w');
    inquiry.start(3);
    expect(sent).toEqual(['v probe r.3 0', 'w probe r.3 0']);
    expect(heard).toEqual([]);
  });

  it('asks only the worker that can have the run', () => {
    const { inquiry, sent, heard } = setUp('v', 'w');
    inquiry.start(1, 'w');
    expect(sent).toEqual(['w probe r.1 0']);
    inquiry.disclaimed('w');
    expect(heard).toEqual(['disclaimed']);
  });

  it('reports once when every worker has disclaimed the run', async () => {
    const { inquiry, heard } = setUp('v', 'w');
    inquiry.start(1);
    inquiry.disclaimed('v');
    expect(heard).toEqual([]);
    inquiry.disclaimed('w');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard).toEqual(['disclaimed']);
  });

  it('reports at once if there is no worker', () => {
    const { inquiry, sent, heard } = setUp();
    inquiry.start(1);
    expect([sent, heard]).toEqual([[], ['disclaimed']]);
  });

  it('asks a worker too that joins meanwhile, and each worker once', () => {
    const { inquiry, sent, heard, fleet } = setUp('v');
    inquiry.start(1);
    fleet.push('w');
    inquiry.disclaimed('v');
    expect(sent).toEqual(['v probe r.1 0', 'w probe r.1 0']);
    expect(heard).toEqual([]);
    inquiry.disclaimed('w');
    expect([sent.length, heard]).toEqual([2, ['disclaimed']]);
  });

  it('reports silence after 3 s if one worker has not answered', async () => {
    const { inquiry, heard } = setUp('v', 'w');
    inquiry.start(1);
    inquiry.disclaimed('v');
    await vi.advanceTimersByTimeAsync(2999);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(heard).toEqual(['silence']);
    inquiry.disclaimed('w');
    expect(heard).toEqual(['silence']);
  });

  it('forgets the answers for an earlier run when it starts anew, and has its full time again', async () => {
    const { inquiry, sent, heard } = setUp('v', 'w');
    inquiry.start(1);
    inquiry.disclaimed('v');
    await vi.advanceTimersByTimeAsync(2000);
    inquiry.start(2);
    inquiry.disclaimed('w');
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.slice(2)).toEqual(['v probe r.2 0', 'w probe r.2 0']);
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(heard).toEqual(['silence']);
  });

  it('reports nothing more once it is stopped', async () => {
    const { inquiry, heard } = setUp('w');
    inquiry.start(1);
    inquiry.stop();
    inquiry.disclaimed('w');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(heard).toEqual([]);
  });
});
