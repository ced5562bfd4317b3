import { z } from 'zod';
import { errorTable, type ErrorCode, type ErrorType, isErrorCode } from './codes.ts';

/** The details known about an error beyond its code. */
export interface ErrorDetails {
  /** Fit for a client: says what was wrong, what is wanted, where. Never holds a secret. */
  readonly message?: string | undefined;
  /** The field at fault as OpenAI writes it: `messages[2].content`. */
  readonly param?: string | undefined;
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs?: number | undefined;
  /** The provider's own code, shown to the client in place of ours. */
  readonly upstreamCode?: string | undefined;
  /** Overrides the table where this case is worth no other try. */
  readonly retryable?: boolean | undefined;
  readonly cause?: unknown;
}

/** The one error that may reach a client: a row of the table with its details. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly upstreamCode: string | undefined;
  /** True if the client's SDK may send the same request again by itself. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? errorTable[code].message, { cause: details.cause });
    this.code = code;
    this.param = details.param;
    this.retryAfterMs = details.retryAfterMs;
    this.upstreamCode = details.upstreamCode;
    this.retryable = details.retryable ?? errorTable[code].retryable;
  }

  /** HTTP status of this error's row. */
  get status(): number {
    return errorTable[this.code].status;
  }
}

/** OpenAI's error envelope; all four fields are always there. */
export interface ErrorEnvelope {
  readonly error: {
    readonly message: string;
    readonly type: ErrorType;
    readonly param: string | null;
    readonly code: string;
  };
}

/** Returns the envelope that the client reads. */
export function toEnvelope(error: GatewayError): ErrorEnvelope {
  return {
    error: {
      message: error.message,
      type: errorTable[error.code].type,
      param: error.param ?? null,
      code: error.upstreamCode ?? error.code,
    },
  };
}

/** A {@link GatewayError} as it crosses Redis. */
export const wireErrorSchema = z.object({
  code: z.string().refine(isErrorCode),
  message: z.string(),
  param: z.string().optional(),
  retryAfterMs: z.number().nonnegative().optional(),
  upstreamCode: z.string().optional(),
  /** Absent where the table of codes says the same; older replicas never send it. */
  retryable: z.boolean().optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

export function toWireError(error: GatewayError): WireError {
  const { code, message, param, retryAfterMs, upstreamCode, retryable } = error;
  return {
    code,
    message,
    ...(param === undefined ? {} : { param }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(upstreamCode === undefined ? {} : { upstreamCode }),
    ...(retryable === errorTable[code].retryable ? {} : { retryable }),
  };
}

export function fromWireError(wire: WireError): GatewayError {
  return new GatewayError(wire.code, wire);
}
