import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';

/** Receives the result of a provider call. If a listener throws, the call ends as a failure of kind `malformed`. */
export interface CallListener {
  /**
   * The request is sent once more, on a new connection: the kept connection was closed before the first byte of the
   * answer. Called at most once, before any other method.
   */
  onResend?(): void;
  onHead(head: ResponseHead): void;
  /** Receives a piece of the body, in whole characters. */
  onText(text: string): void;
  /**
   * The answer is complete. An error (a status other than 2xx) also ends here if its body breaks off, is unreadable
   * towards its end or takes too long: status and headers are enough.
   */
  onEnd(): void;
  /**
   * The call has failed; no further call of the listener follows.
   *
   * @param isCut the body had started and broke off, on its connection or in its compressed data. `onText` has received
   *   everything before the break, possibly a whole answer if the provider counts its bytes wrongly.
   */
  onFailure(failure: UpstreamFailure, isCut: boolean): void;
}
