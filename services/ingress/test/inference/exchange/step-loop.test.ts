import { describe, expect, it } from 'vitest';
import type { ExchangeCommand, ExchangeEvent } from '../../../src/inference/exchange/exchange-events.ts';
import { createStepLoop } from '../../../src/inference/exchange/step-loop.ts';
import { lostEnding, stateIn } from './events.ts';

function setUp(phase: 'new' | 'running', carryOut: (command: ExchangeCommand) => ExchangeEvent | undefined) {
  const done: string[] = [];
  const errors: unknown[] = [];
  const on = createStepLoop({
    first: stateIn(phase),
    carryOut(command, state) {
      done.push(`${command.kind} ${state.phase}`);
      return carryOut(command);
    },
    onError: (error) => errors.push(error),
  });
  return { on, done, errors };
}

describe('the step loop', () => {
  it('carries out the commands of an event in order, in the state after it', () => {
    const { on, done } = setUp('new', () => undefined);
    on({ kind: 'submit' });
    expect(done).toEqual(['expect queued', 'watch_queue queued', 'store queued']);
  });

  it('handles events that come meanwhile after the present commands', () => {
    const { on, done } = setUp('new', (command) => {
      if (command.kind === 'watch_queue') on({ kind: 'started', workerId: 'w' });
      return undefined;
    });
    on({ kind: 'submit' });
    expect(done.slice(2, 4)).toEqual(['store queued', 'watch_worker running']);
  });

  it('handles the result of a command before waiting events', () => {
    const { on, done } = setUp('running', (command) => {
      if (command.kind !== 'decide_rerun') return undefined;
      on({ kind: 'pause' });
      return {
        kind: 'rerun_decided',
        decision: { kind: 'rerun', delivered: undefined },
        chunks: 0,
        ending: lostEnding,
      };
    });
    on({ kind: 'worker_lost' });
    expect(done[0]).toBe('decide_rerun running');
    expect(done).toContain('start_timer between-runs');
    // The worker that the pause would reach is gone by then.
    expect(done.some((command) => command.startsWith('tell '))).toBe(false);
  });

  it.each(['tell_end', 'tell_error'])(
    'continues when %s throws, and reports an internal error at most once',
    (kind) => {
      const boom = new Error('boom');
      const { on, done, errors } = setUp('running', (command) => {
        if (command.kind === kind) throw boom;
        return undefined;
      });
      on(
        kind === 'tell_end' ? { kind: 'end', end: { events: 1, burntTokens: 0 } } : { kind: 'fail', code: 'draining' },
      );
      expect(errors).toEqual([boom]);
      expect(done.filter((command) => command.startsWith('tell_error'))).toHaveLength(1);
    },
  );

  it('fails the request when another command throws', () => {
    const { on, done, errors } = setUp('running', (command) => {
      if (command.kind === 'tell_data') throw new Error('boom');
      return undefined;
    });
    on({ kind: 'data', text: 'a' });
    expect([errors.length, done[1]]).toEqual([1, 'tell_error cancelling']);
  });
});
