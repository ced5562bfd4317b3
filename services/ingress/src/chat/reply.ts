import type { GatewayError } from '@sluice/protocol';

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
