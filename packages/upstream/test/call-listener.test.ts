import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { type CallListener, type GuardedListener, guardListener } from '../src/call-listener.ts';

const head: ResponseHead = { status: 200, headers: {}, receivedAt: 0 };
const failure: UpstreamFailure = { kind: 'network', message: 'gone' };
const error = new RangeError('Maximum call stack size exceeded');

type Heard = readonly unknown[];

/** A guarded listener, and everything that it, its guard's `onThrow` and `onFault` hear, in order. */
function setUp({ throws = false, hearsResend = true } = {}) {
  const heard: Heard[] = [];
  const hear = (...event: Heard): void => {
    heard.push(event);
    if (throws) throw error;
  };
  const listener: CallListener = {
    ...(hearsResend ? { onResend: () => hear('resend') } : {}),
    onHead: (given) => hear('head', given),
    onText: (text) => hear('text', text),
    onEnd: () => hear('end'),
    onFailure: (given, isCut) => hear('failure', given, isCut),
  };
  const guarded = guardListener({
    listener,
    onThrow: (thrown) => heard.push(['thrown', thrown]),
    onFault: () => heard.push(['fault']),
  });
  return { guarded, heard };
}

const calls: readonly [name: string, call: (guarded: GuardedListener) => unknown, event: Heard, isOver: boolean][] = [
  ['resend', (guarded) => guarded.resend(), ['resend'], false],
  ['head', (guarded) => guarded.head(head), ['head', head], false],
  ['text', (guarded) => guarded.text('a'), ['text', 'a'], false],
  ['end', (guarded) => guarded.end(), ['end'], true],
  ['failure', (guarded) => guarded.failure(failure, true), ['failure', failure, true], true],
];

describe('a guarded listener', () => {
  it.each(calls)('hears a %s', (_name, call, event) => {
    const { guarded, heard } = setUp();
    call(guarded);
    expect(heard).toEqual([event]);
  });

  it.each(calls)('that throws at a %s faults the call unless it is over', (_name, call, event, isOver) => {
    const { guarded, heard } = setUp({ throws: true });
    call(guarded);
    expect(heard).toEqual([event, ['thrown', error], ...(isOver ? [] : [['fault']])]);
  });

  it.each([false, true])('tells whether it took the end: it threw: %s', (throws) => {
    expect(setUp({ throws }).guarded.end()).toBe(!throws);
  });

  it('need not hear that a request is sent again', () => {
    const { guarded, heard } = setUp({ hearsResend: false });
    guarded.resend();
    expect(heard).toEqual([]);
  });
});
