import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import { type Body, type BodyNeeds, createBody, createErrorBody } from './body.ts';
import type { CallListener } from './call-listener.ts';
import { toNetworkFailure } from './network/network-failure.ts';

/** The connection that carries an answer. */
export interface Wire {
  pauseWire(): void;
  resumeWire(): void;
  abortWire(): void;
}

export interface AnswerNeeds {
  readonly listener: CallListener;
  readonly wire: Wire;
  /** Time limit from the head of an error to the end of its body; the part received by then counts. */
  readonly errorBodyMs: number;
  /** Called with an error that a listener threw. */
  readonly onThrow: (error: unknown) => void;
  /** Called once, before the listener's `onEnd` or `onFailure`. */
  readonly onOver: (() => void) | undefined;
}

/**
 * Assembles one answer from the connection's bytes for its listener. A class, because there is one per call: closures
 * took four times the memory.
 */
export class Answer implements BodyNeeds {
  isOver = false;
  private readonly needs: AnswerNeeds;
  private body: Body | undefined;
  private errorTimer: NodeJS.Timeout | undefined;
  private broken: UpstreamFailure | undefined;
  private hasBytes = false;
  private isWireOpen = true;
  private isAborted = false;
  private isError = false;

  constructor(needs: AnswerNeeds) {
    this.needs = needs;
  }

  resend(): void {
    try {
      this.needs.listener.onResend?.();
    } catch (error) {
      this.onFault(error);
    }
  }

  head(status: number, headers: ResponseHead['headers']): void {
    if (this.isOver) return;
    this.isError = status < 200 || status >= 300;
    this.body = this.isError ? createErrorBody(headers, this) : createBody(headers, this);
    if (this.isError) this.errorTimer = setTimeout(() => this.body?.end(true), this.needs.errorBodyMs);
    try {
      this.needs.listener.onHead({ status, headers, receivedAt: Date.now() });
    } catch (error) {
      this.onFault(error);
    }
  }

  bytes(piece: Uint8Array): void {
    this.hasBytes = true;
    if (!this.isOver) this.body?.write(piece);
  }

  end(): void {
    this.isWireOpen = false;
    if (!this.isOver) this.body?.end(false);
  }

  break(error: unknown): void {
    this.isWireOpen = false;
    if (this.isOver) return;
    this.broken = toNetworkFailure(error);
    if (this.body === undefined) this.fail(this.broken);
    else this.body.end(true);
  }

  /** Closes the connection; the listener is not called again. */
  abort(): void {
    this.isAborted = true;
    this.settle();
  }

  pause(): void {
    if (!this.isOver) this.body?.pause();
  }

  resume(): void {
    if (!this.isOver) this.body?.resume();
  }

  /** Called by the body. */
  onText(text: string): void {
    if (this.isOver) return;
    try {
      this.needs.listener.onText(text);
    } catch (error) {
      this.onFault(error);
    }
  }

  /** Called by the body. An error ends well in any case: its status and headers are enough. */
  onEnd(isCut: boolean): void {
    if (isCut && !this.isError) this.fail(this.broken ?? incomprehensible, this.hasBytes);
    else this.conclude();
  }

  /** Called by the body. */
  onFailure(failure: UpstreamFailure): void {
    this.fail(failure);
  }

  /** Called by the body: pauses the connection while more is to come. */
  pauseWire(): void {
    if (this.isWireOpen) this.needs.wire.pauseWire();
  }

  /** Called by the body. */
  resumeWire(): void {
    if (this.isWireOpen) this.needs.wire.resumeWire();
  }

  private settle(): boolean {
    if (this.isOver) return false;
    this.isOver = true;
    clearTimeout(this.errorTimer);
    this.body?.destroy();
    if (this.isWireOpen) this.needs.wire.abortWire();
    this.isWireOpen = false;
    this.needs.onOver?.();
    return true;
  }

  private fail(failure: UpstreamFailure, isCut = failure.kind === 'truncated'): void {
    if (this.settle()) this.tellFailure(failure, isCut);
  }

  private conclude(): void {
    if (!this.settle()) return;
    try {
      this.needs.listener.onEnd();
    } catch (error) {
      this.needs.onThrow(error);
      if (!this.isAborted) this.tellFailure(incomprehensible, false);
    }
  }

  private tellFailure(failure: UpstreamFailure, isCut: boolean): void {
    try {
      this.needs.listener.onFailure(failure, isCut);
    } catch (error) {
      this.needs.onThrow(error);
    }
  }

  /** The listener threw. What it throws is caught here: undici, zlib and timers swallow errors or end the process. */
  private onFault(error: unknown): void {
    this.needs.onThrow(error);
    this.fail(incomprehensible);
  }
}

const incomprehensible: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's answer can't be processed.",
};
