import { GatewayError } from '@sluice/protocol';

/**
 * Returns the error of a chat request with the surface's names of its fields: `reasoning_effort` is `output_config.effort`. The
 * words of a provider that refused the client's own request stay as they are.
 */
export function nameFields(error: GatewayError, fieldName: ((chatField: string) => string) | undefined): GatewayError {
  const { code, param, message, retryAfterMs, upstreamCode, upstreamAnswer, retryable } = error;
  if (fieldName === undefined || param === undefined || upstreamAnswer !== undefined) return error;
  const own = fieldName(param);
  // A refusal names further fields in its message.
  const named = message.replaceAll(/"([\w.[\]]+)"/g, (_whole, name: string) => `"${fieldName(name)}"`);
  if (own === param && named === message) return error;
  return new GatewayError(code, { message: named, param: own, retryAfterMs, upstreamCode, retryable, cause: error });
}
