import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Body, createBody, createErrorBody } from './body.ts';
import { toNetworkFailure } from './network/network-failure.ts';

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

/** The connection that carries an answer. */
export interface Wire {
  pause(): void;
  resume(): void;
  abort(): void;
}

export interface AnswerNeeds {
  readonly listener: CallListener;
  readonly wire: Wire;
  /** Time limit from the head of an error to the end of its body; the part received by then counts. */
  readonly errorBodyMs: number;
  /** Called with an error that a listener threw. */
  readonly onThrow: (error: unknown) => void;
  /** Called once, before the listener's `onEnd` or `onFailure`. */
  readonly onOver: () => void;
}

/** Assembles one answer from the connection's bytes for its listener. */
export interface Answer {
  resend(): void;
  head(status: number, headers: ResponseHead['headers']): void;
  bytes(piece: Uint8Array): void;
  end(): void;
  break(error: unknown): void;
  /** Closes the connection; the listener is not called again. */
  abort(): void;
  pause(): void;
  resume(): void;
  readonly isOver: boolean;
}

export function createAnswer({ listener, wire, errorBodyMs, onThrow, onOver }: AnswerNeeds): Answer {
  let body: Body | undefined;
  let errorTimer: NodeJS.Timeout | undefined;
  let broken: UpstreamFailure | undefined;
  let hasBytes = false;
  let isWireOpen = true;
  let isAborted = false;

  function settle(): boolean {
    if (answer.isOver) return false;
    answer.isOver = true;
    clearTimeout(errorTimer);
    body?.destroy();
    if (isWireOpen) wire.abort();
    isWireOpen = false;
    onOver();
    return true;
  }

  function fail(failure: UpstreamFailure, isCut = failure.kind === 'truncated'): void {
    if (settle()) tellFailure(failure, isCut);
  }

  function tellFailure(failure: UpstreamFailure, isCut = false): void {
    try {
      listener.onFailure(failure, isCut);
    } catch (error) {
      onThrow(error);
    }
  }

  /** Handles a listener's error here, because the callers (undici, zlib, timers) swallow it or end the process. */
  function onThrown(error: unknown): void {
    onThrow(error);
    fail(incomprehensible);
  }

  function finish(isCut: boolean): void {
    if (isCut) fail(broken ?? incomprehensible, hasBytes);
    else conclude();
  }

  function conclude(): void {
    if (!settle()) return;
    try {
      listener.onEnd();
    } catch (error) {
      onThrow(error);
      if (!isAborted) tellFailure(incomprehensible);
    }
  }

  function onText(text: string): void {
    if (answer.isOver) return;
    try {
      listener.onText(text);
    } catch (error) {
      onThrown(error);
    }
  }

  /** Pauses and resumes the connection while more of the body is to come. */
  const heldWire = {
    pause: () => {
      if (isWireOpen) wire.pause();
    },
    resume: () => {
      if (isWireOpen) wire.resume();
    },
  };

  // A plain member: an accessor costs its object 0.4 µs and a separate hidden class.
  const answer = {
    isOver: false,
    resend(): void {
      try {
        listener.onResend?.();
      } catch (error) {
        onThrown(error);
      }
    },
    head(status: number, headers: ResponseHead['headers']): void {
      if (answer.isOver) return;
      const isError = status < 200 || status >= 300;
      body = isError
        ? createErrorBody(headers, { onText, onEnd: conclude })
        : createBody(headers, { onText, onEnd: finish, onFailure: fail, wire: heldWire });
      if (isError) errorTimer = setTimeout(() => body?.end(true), errorBodyMs);
      try {
        listener.onHead({ status, headers, receivedAt: Date.now() });
      } catch (error) {
        onThrown(error);
      }
    },
    bytes(piece: Uint8Array): void {
      hasBytes = true;
      if (!answer.isOver) body?.write(piece);
    },
    end(): void {
      isWireOpen = false;
      if (!answer.isOver) body?.end(false);
    },
    break(error: unknown): void {
      isWireOpen = false;
      if (answer.isOver) return;
      broken = toNetworkFailure(error);
      if (body === undefined) fail(broken);
      else body.end(true);
    },
    abort(): void {
      isAborted = true;
      settle();
    },
    pause(): void {
      if (!answer.isOver) body?.pause();
    },
    resume(): void {
      if (!answer.isOver) body?.resume();
    },
  };
  return answer;
}

const incomprehensible: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's answer can't be processed.",
};
