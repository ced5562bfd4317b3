import type { Frame } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { createActiveRuns } from '../../src/consumer/active-runs.ts';

const control = (kind: Frame['kind'], requestId: string, epoch = 1): Frame => ({
  requestId,
  epoch,
  seq: 0,
  kind,
  data: '',
});

describe('createActiveRuns', () => {
  it('cancels the named run, and no other epoch of it', () => {
    const runs = createActiveRuns();
    const first = runs.open({ requestId: 'r', epoch: 1, ingressId: 'i' });
    const second = runs.open({ requestId: 'r', epoch: 2, ingressId: 'i' });
    runs.control(control('cancel', 'r', 1));
    expect(first.signal.reason).toBe('cancelled');
    expect(second.signal.aborted).toBe(false);
  });

  it('ignores runs that are over', () => {
    const runs = createActiveRuns();
    const run = runs.open({ requestId: 'r', epoch: 1, ingressId: 'i' });
    run.close();
    runs.control(control('cancel', 'r'));
    expect(run.signal.aborted).toBe(false);
    expect(runs.size).toBe(0);
  });

  it('holds and releases', () => {
    const runs = createActiveRuns();
    const run = runs.open({ requestId: 'r', epoch: 1, ingressId: 'i' });
    const held: boolean[] = [];
    run.onHold((isHeld) => held.push(isHeld));
    runs.control(control('pause', 'r'));
    runs.control(control('resume', 'r'));
    expect(held).toEqual([true, false]);
  });

  it('reports a hold to a later attempt of the run, even if no attempt was there before', () => {
    const runs = createActiveRuns();
    const run = runs.open({ requestId: 'r', epoch: 1, ingressId: 'i' });
    runs.control(control('pause', 'r'));
    const held: boolean[] = [];
    run.onHold((isHeld) => held.push(isHeld));
    runs.control(control('resume', 'r'));
    run.onHold((isHeld) => held.push(isHeld));
    expect(held).toEqual([true, false]);
  });

  it('aborts all runs of an ingress that is gone', () => {
    const runs = createActiveRuns();
    const mine = runs.open({ requestId: 'a', epoch: 1, ingressId: 'i-1' });
    const other = runs.open({ requestId: 'b', epoch: 1, ingressId: 'i-2' });
    runs.abortAllOf('i-1');
    expect([mine.signal.reason, other.signal.aborted]).toEqual(['ingress_lost', false]);
    expect(runs.hasRunsOf('i-2')).toBe(true);
  });
});
