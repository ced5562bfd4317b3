import type { UpstreamFailure } from '@sluice/protocol';
import type { Delta } from '../../src/answer/chunk-writer.ts';
import type { AnswerDraft } from '../../src/answer/stream-translator.ts';

export interface RecordedAnswer {
  readonly answer: AnswerDraft;
  readonly deltas: Delta[];
  readonly failures: UpstreamFailure[];
}

/** An answer that records what is written to it. */
export function recordAnswer(): RecordedAnswer {
  const deltas: Delta[] = [];
  const failures: UpstreamFailure[] = [];
  const nothing = (): void => undefined;
  const answer: AnswerDraft = {
    identify: nothing,
    delta: (delta) => void deltas.push(delta),
    arrived: nothing,
    heartbeat: nothing,
    finish: nothing,
    usage: nothing,
    fail: (failure) => void failures.push(failure),
    complete: nothing,
    isFinished: () => false,
  };
  return { answer, deltas, failures };
}
