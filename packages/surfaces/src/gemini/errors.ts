import type { GatewayError } from '@sluice/protocol';

/** An error as Google's API answers it. */
export interface GeminiError {
  readonly status: number;
  readonly body: object;
}

/** Canonical names by HTTP status: https://google.aip.dev/193 */
const names: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  502: 'UNAVAILABLE',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Returns an error in Google's envelope. A refusal of Google itself is passed on word for word. */
export function toGeminiError(error: GatewayError): GeminiError {
  const own = error.upstreamAnswer;
  if (own !== undefined) return { status: own.status, body: JSON.parse(own.body) as object };
  const { status, message, param, retryAfterMs, code } = error;
  const details = [
    { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: code.toUpperCase(), domain: 'sluice' },
    ...(param === undefined
      ? []
      : [
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: param, description: message }],
          },
        ]),
    ...(retryAfterMs === undefined
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${Math.ceil(retryAfterMs / 1000)}s` }]),
  ];
  return { status, body: { error: { code: status, message, status: names[status] ?? 'UNKNOWN', details } } };
}
