import type { Answered, Usage } from '@sluice/protocol';
import type { AnswerSink } from '../answer/answer-sink.ts';
import { addsContent, contentIn } from './adds-content.ts';
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
  /** Those of them with a text or call of the answer, and with reasoning alone. */
  readonly outputEvents: number;
  readonly reasoningEvents: number;
  /** The whole answer; undefined for a stream. */
  readonly whole: string | undefined;
  /** Time of the first output (monotonic ms); undefined before it. */
  readonly answeredAt: number | undefined;
}

export interface OutletNeeds {
  readonly sink: AnswerSink;
  /** Returns the tokens of the prompt, for the report that the answer begins. */
  readonly prompt?: (() => Answered['prompt']) | undefined;
  readonly now: () => number;
}

/** The attempt, as the readers of its answer see it. */
export type ReadAttempt = Pick<AttemptMachine, 'state' | 'dispatch' | 'guard'>;

export const createOutlet = (needs: OutletNeeds, attempt: ReadAttempt): Outlet => new SinkOutlet(needs, attempt);

/** A class, because there is one per call: closures took four times the memory. */
class SinkOutlet implements Outlet {
  hasContent = false;
  events = 0;
  received = 0;
  outputEvents = 0;
  reasoningEvents = 0;
  whole: string | undefined;
  answeredAt: number | undefined;
  private output = '';
  private readonly needs: OutletNeeds;
  private readonly attempt: ReadAttempt;

  constructor(needs: OutletNeeds, attempt: ReadAttempt) {
    this.needs = needs;
    this.attempt = attempt;
  }

  pass(sse: string): void {
    if (sse === '') return;
    this.received++;
    if (addsContent(sse)) {
      this.hasContent = true;
      const content = contentIn(sse);
      if (content === 'output') this.outputEvents++;
      else if (content === 'reasoning') this.reasoningEvents++;
    }
    this.add(this.needs.sink.take(sse));
  }

  passAsIs(sse: string, count: number): void {
    this.received += count;
    this.events += count;
    this.outputEvents += count;
    this.hasContent = true;
    this.output += sse;
  }

  passWhole(completion: string): void {
    this.received++;
    this.whole = completion;
    this.add(this.needs.sink.takeWhole(completion));
  }

  finish(usage: Usage | undefined): void {
    this.add(this.needs.sink.finish(usage));
    this.flush();
  }

  beginPiece(): void {
    this.hasContent = false;
  }

  flush(): void {
    const { output, attempt } = this;
    const { sink } = this.needs;
    if (output === '' || attempt.state.isOver) return;
    if (this.answeredAt === undefined) {
      this.answeredAt = this.needs.now();
      sink.onAnswer(this.needs.prompt?.());
    }
    sink.data(output);
    this.output = '';
    if (!sink.isCongested()) return;
    this.hold(true);
    sink.onceWritable(() => attempt.guard(() => this.hold(false)));
  }

  private add(passed: string): void {
    if (passed === '') return;
    this.events++;
    this.output += passed;
  }

  private hold(isHeld: boolean): void {
    this.attempt.dispatch({ kind: 'held', by: 'mailbox', isHeld, at: this.needs.now() });
  }
}
