import type { ServerResponse } from 'node:http';
import type { Config } from '@sluice/config';
import type { Answered, GatewayError } from '@sluice/protocol';
import type { ThinkingMode } from '@sluice/answers';
import type { KeptRequest } from '../../kept/kept-request.ts';
import type { BodyCopies } from '../../bodies/body-copies.ts';

/** Writes one answer to one client, streamed or whole. */
export interface Reply {
  /** Called before the first `onData` of each attempt. */
  onAnswered?(answered: Pick<Answered, 'native'>): void;
  onData(text: string): void;
  onEnd(): void;
  /**
   * Called when the request fails. Returns true if the client got the error; false if nothing has been sent, so that
   * the error can become an HTTP status.
   */
  onError(error: GatewayError): boolean;
  /** Ends the reply: nothing more is written. */
  close(): void;
}

export interface ReplyNeeds {
  readonly response: ServerResponse;
  readonly stream: boolean;
  /** Form of the reasoning that the client gets. */
  readonly thinking: ThinkingMode;
  /** Estimate of the prompt's tokens. */
  readonly promptTokens: number;
  /** Sets the headers of the answer; called right before the status line is sent. */
  readonly setHeaders: () => void;
  /** Returns the cost of the complete answer, in micro-dollars; undefined if the client does not ask for it. */
  readonly costOf: (() => number) | undefined;
  readonly server: Pick<
    Config['server'],
    'holdMs' | 'heartbeatMs' | 'pauseAtBytes' | 'slowClientBytes' | 'slowClientMs'
  >;
  /** Copies the answer; undefined if the bodies of the request are not kept. */
  readonly copies: BodyCopies | undefined;
  /** Keeps the answer for viewers; undefined if no other client may attach to it. */
  readonly kept: KeptRequest | undefined;
  /** Called when the client reads too slowly: the worker pauses. */
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** Called when the client was disconnected because it was too slow. */
  readonly onCut: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}
