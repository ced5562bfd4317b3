import { describe, expect, it } from 'vitest';
import type { AttemptEvent } from '../../src/upstream/attempt-events.ts';
import { beginAttempt } from '../../src/upstream/attempt-state.ts';
import { createOutlet } from '../../src/upstream/outlet.ts';
import { delta } from '../fake-upstream.ts';
import { sinkWith } from '../scene.ts';

const event = (content: string): string => `data: ${delta(content)}\n\n`;
const limits = { asksStream: true, firstTokenMs: 1, idleMs: 1, wholeMs: 1, remainingMs: 1 };

/** An outlet, and the records of what goes out of it. */
function outletWith(over: Partial<ReturnType<typeof sinkWith>> = {}) {
  const sent: string[] = [];
  const events: AttemptEvent[] = [];
  const guarded: unknown[] = [];
  let answers = 0;
  let state = beginAttempt(limits, 0);
  let isCongested = false;
  let onWritable: () => void = () => undefined;
  const sink = {
    ...sinkWith((text) => sent.push(text)),
    onAnswer: () => void answers++,
    isCongested: () => isCongested,
    onceWritable: (callback: () => void) => void (onWritable = callback),
    ...over,
  };
  const attempt = {
    get state() {
      return state;
    },
    dispatch: (each: AttemptEvent) => void events.push(each),
    guard(work: () => void) {
      guarded.push(work);
      work();
    },
  };
  const outlet = createOutlet({ sink, now: () => 7 }, attempt);
  return {
    outlet,
    sent,
    events,
    guarded,
    answers: () => answers,
    end: () => (state = { ...state, isOver: true }),
    congest: () => (isCongested = true),
    drain: () => onWritable(),
  };
}

describe('the outlet of a stream', () => {
  it('sends the events of one piece as one, and announces the answer once', () => {
    const { outlet, sent, answers } = outletWith();
    outlet.pass(event('a'));
    outlet.pass(event('b'));
    expect(sent).toEqual([]);
    outlet.flush();
    outlet.pass(event('c'));
    outlet.flush();
    expect(sent).toEqual([`${event('a')}${event('b')}`, event('c')]);
    expect(answers()).toBe(1);
  });

  it('sends nothing, and announces no answer, while there is nothing to send', () => {
    const { outlet, sent, answers } = outletWith();
    outlet.pass('');
    outlet.flush();
    expect(sent).toEqual([]);
    expect(answers()).toBe(0);
    expect(outlet.received).toBe(0);
  });

  it('counts an event that the sink holds back as received, but not as passed on', () => {
    const { outlet } = outletWith({ take: () => '' });
    outlet.pass(event('a'));
    expect(outlet).toMatchObject({ received: 1, events: 0, hasContent: true });
  });

  it.each([
    ['text', event('a'), true],
    ['a role alone', event(''), false],
  ])('notes for each piece if it adds to the answer: %s', (_what, passed, hasContent) => {
    const { outlet } = outletWith();
    outlet.pass(passed);
    expect(outlet.hasContent).toBe(hasContent);
    outlet.beginPiece();
    expect(outlet.hasContent).toBe(false);
  });

  it('sends the text that the sink held back until the end', () => {
    const { outlet, sent } = outletWith({ take: () => '', finish: () => 'the whole answer' });
    outlet.pass(event('a'));
    outlet.flush();
    expect(sent).toEqual([]);
    outlet.finish(undefined);
    expect(sent).toEqual(['the whole answer']);
    expect(outlet).toMatchObject({ received: 1, events: 1 });
  });

  it('counts a whole answer as one event', () => {
    const { outlet, sent } = outletWith({ takeWhole: (completion) => completion });
    outlet.passWhole('{}');
    outlet.flush();
    expect(sent).toEqual(['{}']);
    expect(outlet).toMatchObject({ received: 1, events: 1 });
  });

  it('sends nothing after the end of its attempt', () => {
    const { outlet, sent, end } = outletWith();
    outlet.pass(event('a'));
    end();
    outlet.flush();
    expect(sent).toEqual([]);
  });

  it('holds the upstream back while the mailbox is full, until it has room', () => {
    const { outlet, sent, events, guarded, congest, drain } = outletWith();
    congest();
    outlet.pass(event('a'));
    outlet.flush();
    expect(sent).toEqual([event('a')]);
    expect(events).toEqual([{ kind: 'held', by: 'mailbox', isHeld: true, at: 7 }]);
    expect(guarded).toEqual([]);
    drain();
    expect(guarded).toHaveLength(1);
    expect(events[1]).toEqual({ kind: 'held', by: 'mailbox', isHeld: false, at: 7 });
  });
});
