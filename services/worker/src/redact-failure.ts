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

/** More than providers show themselves where they mask a key. */
const tornLength = 9;
const shortestTorn = 4;
/** The half of a shorter one might be an ordinary word. */
const shortestWithHalves = 12;

/**
 * Adapters cut long texts, perhaps in the middle of a secret, and some add a few words: takes away what is left of it.
 * At the end of a text any beginning of a secret is that; elsewhere it takes nine characters, or half of a secret.
 */
function withoutTornSecret(text: string, secret: string): string {
  if (secret.length < shortestWithHalves) return withoutTornEnd(text, secret);
  const head = secret.slice(0, Math.min(tornLength, Math.ceil(secret.length / 2)));
  let rest = text;
  let clean = '';
  for (let at = rest.indexOf(head); at >= 0; at = rest.indexOf(head)) {
    clean += `${rest.slice(0, at)}…`;
    rest = rest.slice(at + commonLength(rest.slice(at), secret));
  }
  return clean + withoutTornEnd(rest, secret);
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function withoutTornEnd(text: string, secret: string): string {
  for (let length = secret.length - 1; length >= shortestTorn; length--) {
    if (text.endsWith(secret.slice(0, length))) return `${text.slice(0, -length)}…`;
  }
  return text;
}
