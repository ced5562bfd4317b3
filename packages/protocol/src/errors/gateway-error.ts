import { z } from 'zod';
import { errorTable, type ErrorCode, type ErrorType, isErrorCode } from './codes.ts';

const longestAnswer = 16_384;

/** The answer of a provider that refused a request in the client's own protocol, word for word. */
export const upstreamAnswerSchema = z.object({
  status: z.number().int().min(400).max(599),
  /** JSON, at most 16 KiB. */
  body: z.string().max(longestAnswer),
});
export type UpstreamAnswer = z.infer<typeof upstreamAnswerSchema>;

/** Details of an error beyond its code. */
export interface ErrorDetails {
  /** Message for the client: what is wrong, what is expected, where. Never holds a secret. */
  readonly message?: string | undefined;
  /** The field at fault as OpenAI writes it: `messages[2].content`. */
  readonly param?: string | undefined;
  /** Delay after which a retry makes sense, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** The provider's own code; the client sees it instead of ours. */
  readonly upstreamCode?: string | undefined;
  /** Replaces the table's `retryable` in this case. */
  readonly retryable?: boolean | undefined;
  /** The provider's own answer, for a client that speaks its protocol. */
  readonly upstreamAnswer?: UpstreamAnswer | undefined;
  readonly cause?: unknown;
}

/** The only error that reaches clients: a row of the table with its details. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly param: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly upstreamCode: string | undefined;
  readonly upstreamAnswer: UpstreamAnswer | undefined;
  /** True if the client's SDK may send the same request again by itself. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(details.message ?? errorTable[code].message, { cause: details.cause });
    this.code = code;
    this.param = details.param;
    this.retryAfterMs = details.retryAfterMs;
    this.upstreamCode = details.upstreamCode;
    this.upstreamAnswer = details.upstreamAnswer;
    this.retryable = details.retryable ?? errorTable[code].retryable;
  }

  /** HTTP status of this error's row. */
  get status(): number {
    return errorTable[this.code].status;
  }
}

/** OpenAI's error envelope; all four fields are always present. */
export interface ErrorEnvelope {
  readonly error: {
    readonly message: string;
    readonly type: ErrorType;
    readonly param: string | null;
    readonly code: string;
  };
}

/** Returns the envelope for the client. */
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
  upstreamAnswer: upstreamAnswerSchema.optional(),
  /** Absent when it equals the table's value; older replicas never send it. */
  retryable: z.boolean().optional(),
});
export type WireError = z.infer<typeof wireErrorSchema>;

export function toWireError(error: GatewayError): WireError {
  const { code, message, param, retryAfterMs, upstreamCode, upstreamAnswer, retryable } = error;
  return {
    code,
    message,
    ...(param === undefined ? {} : { param }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(upstreamCode === undefined ? {} : { upstreamCode }),
    ...(upstreamAnswer === undefined ? {} : { upstreamAnswer }),
    ...(retryable === errorTable[code].retryable ? {} : { retryable }),
  };
}

export function fromWireError(wire: WireError): GatewayError {
  return new GatewayError(wire.code, wire);
}
