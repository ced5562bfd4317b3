import type { UpstreamFailure } from '@sluice/protocol';
import { redactSecrets } from '@sluice/telemetry';

/** Providers echo keys in their error texts. */
export function redactFailure(failure: UpstreamFailure, secrets: readonly string[]): UpstreamFailure {
  const clean = (text: string): string => secrets.reduce(withoutTornSecret, redactSecrets(text, secrets));
  return {
    ...failure,
    message: clean(failure.message),
    code: failure.code === undefined ? undefined : clean(failure.code),
    param: failure.param === undefined ? undefined : clean(failure.param),
  };
}

/** Adapters cut long texts, perhaps in the middle of a secret: takes away what the end still has of it. */
function withoutTornSecret(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= 4; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
