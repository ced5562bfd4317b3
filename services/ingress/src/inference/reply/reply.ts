import type { ServerResponse } from 'node:http';
import type { Config } from '@sluice/config';
import type { GatewayError } from '@sluice/protocol';
import type { ThinkingMode } from '@sluice/answers';

/** Writes one answer to one client, as a stream or as a whole. */
export interface Reply {
  onData(text: string): void;
  onEnd(): void;
  /**
   * The request failed. True when the client has been told; false when nothing has been sent yet, so that the error can
   * still become a real HTTP status.
   */
  onError(error: GatewayError): boolean;
  /** Nothing more will be written. */
  close(): void;
}

export interface ReplyNeeds {
  readonly response: ServerResponse;
  readonly stream: boolean;
  /** The form in which the client sees reasoning. */
  readonly thinking: ThinkingMode;
  /** Sets the headers that are known when the status line goes out. */
  readonly setHeaders: () => void;
  readonly server: Pick<
    Config['server'],
    'holdMs' | 'heartbeatMs' | 'pauseAtBytes' | 'slowClientBytes' | 'slowClientMs'
  >;
  /** The client does not keep up: the worker pauses. */
  readonly onPause: () => void;
  readonly onResume: () => void;
  /** The client was too slow and has been cut off. */
  readonly onCut: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}
