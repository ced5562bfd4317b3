import { describe, expect, it } from 'vitest';
import { openIntake, type IntakeEvent, stepIntake } from '../src/intake.ts';

const sampled = (lagMs: number): IntakeEvent => ({ kind: 'sampled', lagMs, sinceMs: 100 + lagMs });
const idle: IntakeEvent = { kind: 'idle' };

/** Returns the command after each event, `-` for none. */
function commandsOf(events: readonly IntakeEvent[]): string[] {
  let state = openIntake;
  return events.map((event) => {
    const next = stepIntake(state, event);
    state = next.state;
    return next.command ?? '-';
  });
}

describe('the intake of a worker', () => {
  it.each<[string, readonly IntakeEvent[], readonly string[]]>([
    ['stays open while the lag is usual', [sampled(0), sampled(50), sampled(199)], ['-', '-', '-']],
    ['stops at the first long lag', [sampled(10), sampled(200)], ['-', 'stop']],
    ['opens again after three samples without lag', [300, 99, 0, 0].map(sampled), ['stop', '-', '-', 'open']],
    [
      'stays stopped if the lag comes back before',
      [300, 0, 0, 100, 0, 0].map(sampled),
      ['stop', '-', '-', '-', '-', '-'],
    ],
    ['keeps its state between the two bounds', [sampled(150), sampled(300), sampled(150)], ['-', 'stop', '-']],
    ['opens when the last run has ended', [sampled(300), idle], ['stop', 'open']],
    ['stays open without a run', [idle, sampled(0), idle], ['-', '-', '-']],
    [
      'opens for a trial after a second, and stops again if the loop still lags',
      [300, 300, 300, 300, 300, 300, 300].map(sampled),
      ['stop', '-', '-', 'open', 'stop', '-', '-'],
    ],
    [
      'opens for a trial after one sample if the loop stood still for longer',
      [3000, 3000, 3000].map(sampled),
      ['stop', 'open', 'stop'],
    ],
  ])('%s', (_name, events, commands) => {
    expect(commandsOf(events)).toEqual(commands);
  });

  it('is stopped for a second and one sample at most, whatever the lag is', () => {
    for (let lagMs = 0; lagMs < 1000; lagMs += 10) {
      let state = openIntake;
      let stoppedMs = 0;
      for (let at = 0; at < 100; at++) {
        stoppedMs = state.kind === 'stopped' ? stoppedMs + 100 + lagMs : 0;
        expect(stoppedMs).toBeLessThanOrEqual(1000 + 100 + lagMs);
        ({ state } = stepIntake(state, sampled(lagMs)));
      }
    }
  });
});
