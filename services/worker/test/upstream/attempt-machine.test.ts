import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AttemptCommand } from '../../src/upstream/attempt-events.ts';
import { createAttemptMachine } from '../../src/upstream/attempt-machine.ts';
import type { AttemptLimits } from '../../src/upstream/attempt-state.ts';

const limits: AttemptLimits = {
  asksStream: true,
  firstTokenMs: 1000,
  idleMs: 600,
  wholeMs: Number.POSITIVE_INFINITY,
  remainingMs: 10_000,
};

/** A machine on fake timers, with the records of its commands and errors. */
function machineWith(
  over: Partial<AttemptLimits> = {},
  onCommand: (command: AttemptCommand) => void = () => undefined,
) {
  const commands: AttemptCommand[] = [];
  const thrown: unknown[] = [];
  const machine = createAttemptMachine(
    { ...limits, ...over, onThrow: (error) => void thrown.push(error), now: () => performance.now() },
    (command) => {
      commands.push(command);
      onCommand(command);
    },
  );
  /** The failures with which the attempt ended: none, or one. */
  const failures = () =>
    commands.flatMap((each) => (each.kind === 'settle' && each.ending.kind === 'failed' ? [each.ending.failure] : []));
  return { machine, commands, thrown, failures };
}

const says = () => ({ kind: 'piece', gave: 'content', finish: 'open', at: performance.now() }) as const;

describe('the machine of an attempt', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends a silent attempt at its limit, not before', () => {
    const { machine, failures } = machineWith();
    machine.watch();
    vi.advanceTimersByTime(999);
    expect(machine.state.isOver).toBe(false);
    vi.advanceTimersByTime(1);
    expect(failures()).toMatchObject([{ kind: 'timeout' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has one timer, however many events there are', () => {
    const { machine } = machineWith();
    machine.watch();
    machine.dispatch({ kind: 'head', isSuccess: true, at: performance.now() });
    machine.dispatch({ kind: 'decided', as: 'stream', at: performance.now() });
    for (let count = 0; count < 10; count++) machine.dispatch(says());
    expect(vi.getTimerCount()).toBe(1);
  });

  it('looks again when the limit has moved in the meantime', () => {
    const { machine, failures } = machineWith();
    machine.watch();
    machine.dispatch({ kind: 'decided', as: 'stream', at: performance.now() });
    for (let count = 0; count < 5; count++) {
      vi.advanceTimersByTime(500);
      machine.dispatch(says());
    }
    expect(failures()).toEqual([]);
    vi.advanceTimersByTime(600);
    expect(failures()).toMatchObject([{ kind: 'timeout' }]);
  });

  it('waits longer than a timer of Node can', () => {
    const monthMs = 30 * 24 * 3_600_000;
    const { machine, failures } = machineWith({ firstTokenMs: monthMs, remainingMs: 2 * monthMs });
    machine.watch();
    vi.advanceTimersByTime(monthMs - 1);
    expect(failures()).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(failures()).toHaveLength(1);
  });

  it('sets no timer after the end', () => {
    const { machine } = machineWith();
    machine.watch();
    machine.dispatch({ kind: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
    machine.watch();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends with an error that a callback throws, and reports it', () => {
    const { machine, thrown, failures } = machineWith();
    const error = new Error('an adapter');
    machine.guard(() => {
      throw error;
    });
    expect(thrown).toEqual([error]);
    expect(failures()).toMatchObject([{ kind: 'malformed' }]);
  });

  it('ends with an error that its timer meets', () => {
    const error = new Error('a sink');
    let isFirst = true;
    const { machine, thrown } = machineWith({}, () => {
      if (!isFirst) return;
      isFirst = false;
      throw error;
    });
    machine.watch();
    vi.advanceTimersByTime(1000);
    expect(thrown).toEqual([error]);
    expect(machine.state.isOver).toBe(true);
  });
});
