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

/** Calls a listener. What it throws is caught here: the callers (undici, zlib, timers) swallow errors or end the process. */
export interface GuardedListener {
  resend(): void;
  head(head: ResponseHead): void;
  text(text: string): void;
  /** Returns whether the listener took the end. */
  end(): boolean;
  failure(failure: UpstreamFailure, isCut: boolean): void;
}

interface GuardNeeds {
  readonly listener: CallListener;
  /** Called with an error that the listener threw. */
  readonly onThrow: (error: unknown) => void;
  /** Called after that, except at the end of the answer. */
  readonly onFault: () => void;
}

export function guardListener({ listener, onThrow, onFault }: GuardNeeds): GuardedListener {
  function onThrown(error: unknown): void {
    onThrow(error);
    onFault();
  }

  return {
    resend() {
      try {
        listener.onResend?.();
      } catch (error) {
        onThrown(error);
      }
    },
    head(head) {
      try {
        listener.onHead(head);
      } catch (error) {
        onThrown(error);
      }
    },
    text(text) {
      try {
        listener.onText(text);
      } catch (error) {
        onThrown(error);
      }
    },
    end() {
      try {
        listener.onEnd();
        return true;
      } catch (error) {
        onThrow(error);
        return false;
      }
    },
    failure(failure, isCut) {
      try {
        listener.onFailure(failure, isCut);
      } catch (error) {
        onThrow(error);
      }
    },
  };
}
