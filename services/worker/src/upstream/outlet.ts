import type { Usage } from '@sluice/protocol';
import type { AnswerSink } from '../answer/answer-sink.ts';
import { addsContent } from './adds-content.ts';
import type { AttemptMachine } from './attempt-machine.ts';

/** Collects the output of one piece of a stream and sends it as one. */
export interface Outlet {
  pass(sse: string): void;
  /** Passes a number of events that the sink takes as they are, and that all add to the answer. */
  passAsIs(sse: string, count: number): void;
  passWhole(completion: string): void;
  finish(usage: Usage | undefined): void;
  flush(): void;
  beginPiece(): void;
  /** The piece adds something to the answer. */
  readonly hasContent: boolean;
  /** Upstream events that were passed on. */
  readonly events: number;
  /** Upstream events that were received. */
  readonly received: number;
}

export interface OutletNeeds {
  readonly sink: AnswerSink;
  readonly now: () => number;
}

/** The attempt, as the readers of its answer see it. */
export type ReadAttempt = Pick<AttemptMachine, 'state' | 'dispatch' | 'guard'>;

export function createOutlet({ sink, now }: OutletNeeds, attempt: ReadAttempt): Outlet {
  let output = '';
  let hasAnswered = false;

  function add(passed: string): void {
    if (passed === '') return;
    outlet.events++;
    output += passed;
  }

  function flush(): void {
    if (output === '' || attempt.state.isOver) return;
    if (!hasAnswered) sink.onAnswer();
    hasAnswered = true;
    sink.data(output);
    output = '';
    if (!sink.isCongested()) return;
    attempt.dispatch({ kind: 'held', by: 'mailbox', isHeld: true, at: now() });
    sink.onceWritable(() =>
      attempt.guard(() => attempt.dispatch({ kind: 'held', by: 'mailbox', isHeld: false, at: now() })),
    );
  }

  const outlet = {
    hasContent: false,
    events: 0,
    received: 0,
    pass(sse: string): void {
      if (sse === '') return;
      outlet.received++;
      outlet.hasContent ||= addsContent(sse);
      add(sink.take(sse));
    },
    passAsIs(sse: string, count: number): void {
      outlet.received += count;
      outlet.events += count;
      outlet.hasContent = true;
      output += sse;
    },
    passWhole(completion: string): void {
      outlet.received++;
      add(sink.takeWhole(completion));
    },
    finish(usage: Usage | undefined): void {
      add(sink.finish(usage));
      flush();
    },
    flush,
    beginPiece: () => void (outlet.hasContent = false),
  };
  return outlet;
}
