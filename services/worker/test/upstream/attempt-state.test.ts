import { describe, expect, it } from 'vitest';
import type { AttemptEvent } from '../../src/upstream/attempt-events.ts';
import {
  type AttemptLimits,
  type AttemptState,
  beginAttempt,
  stepAttempt,
  wakeAt,
} from '../../src/upstream/attempt-state.ts';

const limits: AttemptLimits = {
  asksStream: true,
  firstTokenMs: 1000,
  idleMs: 600,
  wholeMs: Number.POSITIVE_INFINITY,
  remainingMs: 10_000,
};
const summary = { usage: undefined, finishReason: 'stop', responseModel: 'm' };
const reset = { kind: 'network', message: 'reset' } as const;

/** Events of a table, each with its time. */
const head = (at: number, isSuccess = true): AttemptEvent => ({ kind: 'head', isSuccess, at });
const stream = (at: number): AttemptEvent => ({ kind: 'decided', as: 'stream', at });
const whole = (at: number): AttemptEvent => ({ kind: 'decided', as: 'whole', at });
const says = (at: number): AttemptEvent => ({ kind: 'piece', gave: 'content', finish: 'open', at });
const sign = (at: number): AttemptEvent => ({ kind: 'piece', gave: 'sign', finish: 'open', at });
const empty = (at: number): AttemptEvent => ({ kind: 'piece', gave: 'nothing', finish: 'open', at });
const finishes = (at: number): AttemptEvent => ({ kind: 'piece', gave: 'content', finish: 'finished', at });
const mayContinue = (at: number): AttemptEvent => ({ kind: 'piece', gave: 'content', finish: 'may_continue', at });
const wholeText = (at: number, mayBeComplete = true): AttemptEvent => ({ kind: 'whole_text', mayBeComplete, at });
const broke = (isCut: boolean): AttemptEvent => ({ kind: 'broke', failure: reset, isCut });
const hold = (at: number, isHeld = true, by: 'client' | 'mailbox' = 'client'): AttemptEvent => ({
  kind: 'held',
  by,
  isHeld,
  at,
});
const tick = (at: number): AttemptEvent => ({ kind: 'tick', at });

interface Played {
  readonly state: AttemptState;
  /** As in `settle failed timeout`. */
  readonly commands: readonly string[];
}

function play(events: readonly AttemptEvent[], over: Partial<AttemptLimits> = {}): Played {
  let state = beginAttempt({ ...limits, ...over }, 0);
  const commands: string[] = [];
  for (const event of events) {
    const step = stepAttempt(state, event);
    ({ state } = step);
    for (const command of step.commands) {
      if (command.kind !== 'settle') commands.push(command.kind);
      else {
        const { ending } = command;
        commands.push(`settle ${ending.kind}${ending.kind === 'failed' ? ` ${ending.failure.kind}` : ''}`);
      }
    }
  }
  return { state, commands };
}

describe('silence', () => {
  it.each<[string, readonly AttemptEvent[], number, Partial<AttemptLimits>?]>([
    ['nothing has come', [], 1000],
    ['a head alone has come', [head(400)], 1000],
    ['the stream has begun with nothing in it', [head(400), stream(500)], 1000],
    ['only a role or empty deltas have come', [head(1), stream(1), empty(400), empty(900)], 1000],
    ['a first token has come', [head(1), stream(1), says(400)], 1000],
    ['tokens come', [head(1), stream(1), says(400), says(800)], 1400],
    ['empty deltas come behind a token', [head(1), stream(1), says(400), empty(900)], 1000],
    ['a sign of life comes before the first token', [head(1), stream(1), sign(900)], 1900],
    [
      'signs of life come for long',
      [head(1), stream(1), sign(900), sign(1800), sign(2700), sign(3600), sign(4500)],
      5000,
    ],
    ['signs of life come behind a token', [head(1), stream(1), says(100), sign(600), sign(1100)], 1700],
    ['the answer is finished', [head(1), stream(1), finishes(400)], 900],
    ['more comes behind the finish', [head(1), stream(1), finishes(400), says(600), says(800), sign(850)], 900],
    ['a finish may not be the last', [head(1), stream(1), mayContinue(400)], 1000],
    ['a whole answer comes in place of a stream', [head(1), whole(400)], 10_000],
    ['a whole answer has a limit', [head(1), whole(400)], 3000, { wholeMs: 3000 }],
    ['a whole answer may be complete', [head(1), whole(400), wholeText(400)], 1400],
    ['it was not complete', [head(1), whole(400), wholeText(400), wholeText(900, false)], 10_000],
    ['more of it may make it complete', [head(1), whole(400), wholeText(400), wholeText(900)], 1900],
    ['its limit is nearer', [head(1), whole(400), wholeText(400)], 1200, { wholeMs: 1200 }],
    [
      'it turns out to be a stream',
      [head(1), whole(400), wholeText(400), stream(500)],
      2500,
      { asksStream: false, idleMs: 2000 },
    ],
    ['a whole answer was asked for', [], 3000, { asksStream: false, wholeMs: 3000 }],
    ['a stream comes in place of a whole answer', [head(1), stream(400)], 1000, { asksStream: false, wholeMs: 3000 }],
    ['that stream says something', [head(1), stream(400), says(900)], 1500, { asksStream: false, wholeMs: 3000 }],
    ['an error has come', [head(400, false)], 5400],
    ['the client is behind', [head(1), stream(1), says(400), hold(500)], 10_000],
    ['the client is behind a finished answer', [head(1), stream(1), finishes(400), hold(500)], 10_000],
    ['it catches up', [head(1), stream(1), says(400), hold(500), hold(5000, false)], 5600],
    ['one of two catches up', [head(1), stream(1), hold(2), hold(3, true, 'mailbox'), hold(4, false)], 10_000],
    ['it catches up with a finished answer', [head(1), stream(1), finishes(400), hold(500), hold(5000, false)], 5500],
  ])('ends the patience where %s', (_what, events, expected, over) => {
    expect(wakeAt(play(events, over).state)).toBe(expected);
  });
});

describe('the end', () => {
  const begun = [head(1), stream(1), says(400)];
  const done = [head(1), stream(1), finishes(400)];
  const completed: AttemptEvent = { kind: 'translated', state: { kind: 'complete', summary } };

  it.each<[string, readonly AttemptEvent[], readonly string[]]>([
    ['of silence before the first token', [tick(1000)], ['settle failed timeout', 'hang_up']],
    ['of silence behind one', [...begun, tick(1000)], ['listen', 'settle failed timeout', 'hang_up']],
    ['not come yet', [...begun, tick(999)], ['listen']],
    ['of the deadline', [...begun, says(9900), tick(10_000)], ['listen', 'settle failed timeout', 'hang_up']],
    ['of a finished answer: quiet', [...done, tick(900)], ['listen', 'end_stream']],
    ['of a finished answer: the deadline', [...done, tick(10_000)], ['listen', 'end_stream']],
    ['of a finished answer: a broken connection', [...done, broke(false)], ['listen', 'end_stream']],
    [
      'of an unfinished one: a broken connection',
      [...begun, broke(false)],
      ['listen', 'settle failed network', 'hang_up'],
    ],
    ['of the body of a stream', [...begun, { kind: 'ended' }], ['listen', 'end_stream']],
    ['of the body of a whole answer', [head(1), whole(1), { kind: 'ended' }], ['listen', 'read_whole']],
    ['of the body of an error', [head(1, false), { kind: 'ended' }], ['read_error']],
    ['of patience with the body of an error', [head(1, false), tick(5001)], ['read_error']],
    ['of the connection in the body of an error', [head(1, false), broke(false)], ['read_error']],
    [
      'of a whole answer that may be complete: quiet',
      [head(1), whole(1), wholeText(1), tick(1001)],
      ['listen', 'take_whole'],
    ],
    [
      'of a whole answer that was not complete: quiet',
      [head(1), whole(1), wholeText(1), tick(1001), tick(2002)],
      ['listen', 'take_whole'],
    ],
    ['of a whole answer: a cut connection', [head(1), whole(1), broke(true)], ['listen', 'take_whole']],
    ['of an answer of either kind: a cut connection', [head(1), broke(true)], ['listen', 'take_whole']],
    [
      'of a whole answer: a connection broken otherwise',
      [head(1), whole(1), broke(false)],
      ['listen', 'settle failed network', 'hang_up'],
    ],
    ['of a stream: a cut connection', [...begun, broke(true)], ['listen', 'settle failed network', 'hang_up']],
    ['by the word of the translator', [...done, completed], ['listen', 'settle complete', 'linger']],
    ['by an adapter that throws', [...begun, { kind: 'threw' }], ['listen', 'settle failed malformed', 'hang_up']],
    [
      'by an adapter that throws behind the finish',
      [...done, { kind: 'threw' }],
      ['listen', 'settle failed malformed', 'hang_up'],
    ],
    ['by a client that leaves', [...begun, { kind: 'aborted' }], ['listen', 'settle aborted', 'hang_up']],
    [
      'while the client is behind',
      [...begun, hold(500), { kind: 'aborted' }],
      ['listen', 'pause', 'resume', 'settle aborted', 'hang_up'],
    ],
  ])('%s', (_what, events, commands) => {
    expect(play(events).commands).toEqual(commands);
  });

  it('comes once, whatever events follow', () => {
    const after: AttemptEvent[] = [
      head(1),
      stream(1),
      says(1),
      tick(20_000),
      hold(1),
      completed,
      { kind: 'threw' },
      { kind: 'ended' },
      broke(true),
      wholeText(1),
      { kind: 'failed', failure: reset },
      { kind: 'completed', summary },
      { kind: 'aborted' },
    ];
    expect(play([{ kind: 'aborted' }, ...after]).commands).toEqual(['settle aborted', 'hang_up']);
  });
});

it('stops reading when the first buffer is full, and resumes when the last one has room', () => {
  const events = [
    hold(1),
    hold(2, true, 'mailbox'),
    hold(3, true),
    hold(4, false),
    hold(5, false, 'mailbox'),
    hold(6, false),
  ];
  expect(play([head(0), stream(0), ...events]).commands).toEqual(['listen', 'pause', 'resume']);
});
