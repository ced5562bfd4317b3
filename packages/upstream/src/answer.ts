import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Body, createBody, createErrorBody } from './body.ts';
import { toNetworkFailure } from './network/network-failure.ts';

/** Hears the result of a call. If it throws, the call ends as a failure of the kind `malformed`. */
export interface CallListener {
  /**
   * The request goes out once more, on a new connection: the kept one that it went out on was closed, and not a byte
   * had come. Called once at most, before anything else.
   */
  onResend?(): void;
  onHead(head: ResponseHead): void;
  /** A piece of the body, whole characters only. */
  onText(text: string): void;
  /**
   * The answer is complete. An error (a status other than 2xx) also ends here if its body breaks off, can't be read to
   * its end or takes too long: status and headers are enough.
   */
  onEnd(): void;
  /**
   * Nothing follows.
   *
   * @param isCut the body had begun and broke off, on its connection or in its compressed data. `onText` has got all that
   *   came before; it may be a whole answer if the provider counts its bytes wrongly.
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
  /** Time limit from the head of an error to the end of its body; the part that has come by then counts. */
  readonly errorBodyMs: number;
  /** Called with an error that a listener threw. */
  readonly onThrow: (error: unknown) => void;
  /** Called once, before the listener's last word. */
  readonly onOver: () => void;
}

/** Puts one answer together for its listener from what comes over the wire. */
export interface Answer {
  resend(): void;
  head(status: number, headers: ResponseHead['headers']): void;
  bytes(piece: Uint8Array): void;
  end(): void;
  break(error: unknown): void;
  /** Closes the connection; nothing more is said. */
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

  /** Above the listener are undici, zlib and timers, which swallow what it throws or end the process with it. */
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

  /** Once the body is there, its provider may be held back only while there is more to come. */
  const heldWire = {
    pause: () => {
      if (isWireOpen) wire.pause();
    },
    resume: () => {
      if (isWireOpen) wire.resume();
    },
  };

  // A plain member: an accessor costs its object 0.4 µs and a hidden class of its own.
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
