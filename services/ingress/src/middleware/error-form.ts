import { type GatewayError, toEnvelope } from '@sluice/protocol';

/** An error as a surface answers it. */
export interface WrittenError {
  /** Status of the answer; the error's own if absent. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Gives an error the envelope of a surface. `requestId` is the one that the client gets. */
export type ErrorForm = (error: GatewayError, requestId: string) => WrittenError;

export const openAiErrors: ErrorForm = (error) => ({ body: toEnvelope(error) });
