import type { UpstreamFailure } from '@sluice/protocol';
import type { AnswerSummary, StreamState } from '@sluice/providers';
import type { Ending } from '../attempt/attempt-result.ts';

/** The full buffer that makes us stop reading. */
export type Holder = 'client' | 'mailbox';

export type AttemptEvent =
  | { readonly kind: 'head'; readonly isSuccess: boolean; readonly at: number }
  | { readonly kind: 'decided'; readonly as: 'stream' | 'whole'; readonly at: number }
  /** A piece of the stream has been translated. */
  | {
      readonly kind: 'piece';
      readonly gave: 'content' | 'sign' | 'nothing';
      readonly finish: Finish;
      readonly at: number;
    }
  /** More text of a whole answer arrived. `mayBeComplete`: it ends with a closing brace. */
  | { readonly kind: 'whole_text'; readonly mayBeComplete: boolean; readonly at: number }
  | { readonly kind: 'held'; readonly by: Holder; readonly isHeld: boolean; readonly at: number }
  | { readonly kind: 'tick'; readonly at: number }
  /** The translator's state after its last input. */
  | { readonly kind: 'translated'; readonly state: StreamState }
  /** The body has ended. */
  | { readonly kind: 'ended' }
  /** The connection broke. `isCut`: in the middle of the body. */
  | { readonly kind: 'broke'; readonly failure: UpstreamFailure; readonly isCut: boolean }
  | { readonly kind: 'completed'; readonly summary: AnswerSummary }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  /** An adapter or a filter threw. */
  | { readonly kind: 'threw' }
  | { readonly kind: 'aborted' };

/** The finish of the answer. `may_continue`: this provider sometimes sends more after its finish reason. */
export type Finish = 'open' | 'finished' | 'may_continue';

export type AttemptCommand =
  | { readonly kind: 'pause' | 'resume' }
  /** Listen for a client that does not keep up. */
  | { readonly kind: 'listen' }
  /** Let the translator end the stream; if it is not complete then, the attempt fails with this failure. */
  | { readonly kind: 'end_stream'; readonly otherwise: UpstreamFailure | undefined }
  | { readonly kind: 'read_whole' | 'read_error' }
  /** Take the whole answer if it is complete; otherwise the connection broke with this failure, if one is given. */
  | { readonly kind: 'take_whole'; readonly otherwise: UpstreamFailure | undefined }
  | { readonly kind: 'settle'; readonly ending: Ending }
  /** Close the socket; ask the provider to stop if closing is not enough. */
  | { readonly kind: 'hang_up' }
  /** Let the provider end its answer, so that the connection can be reused. */
  | { readonly kind: 'linger' };
