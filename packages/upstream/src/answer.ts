import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Body, createBody, createErrorBody } from './body.ts';
import { type CallListener, guardListener } from './call-listener.ts';
import { toNetworkFailure } from './network/network-failure.ts';

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
  const tell = guardListener({ listener, onThrow, onFault: () => fail(incomprehensible) });

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
    if (settle()) tell.failure(failure, isCut);
  }

  function finish(isCut: boolean): void {
    if (isCut) fail(broken ?? incomprehensible, hasBytes);
    else conclude();
  }

  function conclude(): void {
    if (settle() && !tell.end() && !isAborted) tell.failure(incomprehensible, false);
  }

  function onText(text: string): void {
    if (!answer.isOver) tell.text(text);
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
    resend: tell.resend,
    head(status: number, headers: ResponseHead['headers']): void {
      if (answer.isOver) return;
      const isError = status < 200 || status >= 300;
      body = isError
        ? createErrorBody(headers, { onText, onEnd: conclude })
        : createBody(headers, { onText, onEnd: finish, onFailure: fail, wire: heldWire });
      if (isError) errorTimer = setTimeout(() => body?.end(true), errorBodyMs);
      tell.head({ status, headers, receivedAt: Date.now() });
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
