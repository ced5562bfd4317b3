import type { AnswerSummary, CountedAnswer } from '../../adapter.ts';
import { createAnswerCount } from '../../answer/answer-count.ts';
import { laterUsage, toFinishReason, usageOf } from '../answer.ts';
import type { WireUsage } from '../wire.ts';

/** Facts about an answer whose events are passed on. */
export interface Progress {
  /** A further event of the provider begins. */
  event(): void;
  /** A piece of the answer has arrived. */
  piece(kind: 'output' | 'reasoning'): void;
  /** A call of a tool begins. */
  call(): void;
  model(name: string | null | undefined): void;
  usage(usage: WireUsage | null | undefined): void;
  stop(reason: string | null | undefined): void;
  counted(): CountedAnswer;
  /** Returns the facts of the complete answer; undefined before its stop reason. */
  summary(): AnswerSummary | undefined;
}

/** @param asked the model of the request, for an answer that names none */
export function createProgress(asked: string): Progress {
  const count = createAnswerCount();
  let usage: WireUsage = {};
  let model: string | undefined;
  let stopReason: string | undefined;
  let calls = 0;
  return {
    event: count.event.bind(count),
    piece: (kind) => count.delta(kind === 'reasoning' ? { reasoning_content: '.' } : { content: '.' }),
    call: () => void calls++,
    model: (name) => void (model ??= name ?? undefined),
    usage(now) {
      if (now == null) return;
      usage = laterUsage(usage, now);
      count.usage(usageOf(usage));
    },
    stop: (reason) => void (stopReason = reason ?? stopReason),
    counted: () => count.counted(),
    summary: () =>
      stopReason === undefined
        ? undefined
        : { usage: count.total(), finishReason: toFinishReason(stopReason, calls), responseModel: model ?? asked },
  };
}
