import type { AnswerWriter } from '@sluice/kept-answers';

/** A request whose answer is kept, so that clients can attach to it again. */
export interface KeptRequest {
  readonly writer: AnswerWriter;
  /** The events have numbers: the client can name the last one that it has. */
  readonly isNumbered: boolean;
}
