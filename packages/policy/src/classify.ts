import type { FailureKind, UpstreamFailure } from '@sluice/protocol';

/** Consequences of a failed attempt. */
export interface Verdict {
  /**
   * - `retry`: the target may succeed later; the other targets are tried first, then this one again after a back-off.
   * - `next_credential`: this credential goes into cooldown; another is tried at once.
   * - `doubt_credential`: the cause is the credential or the request. One other credential is tried at once; if it is
   *   refused too, another target is tried. The credential's cooldown starts once another credential has served the
   *   request, or enough requests confirm it.
   * - `other_credential`: this credential cannot serve this kind of request; another is tried at once, and this one
   *   gets no cooldown.
   * - `next_target`: this target never serves this request; another model may.
   * - `give_up`: every target would refuse this request.
   */
  readonly remedy: 'retry' | 'next_credential' | 'doubt_credential' | 'other_credential' | 'next_target' | 'give_up';
  /** True if the circuit of the target counts the failure. */
  readonly countsAgainstTarget: boolean;
}

const verdicts: Record<FailureKind, Verdict> = {
  network: { remedy: 'retry', countsAgainstTarget: true },
  certificate: { remedy: 'next_target', countsAgainstTarget: true },
  timeout: { remedy: 'retry', countsAgainstTarget: true },
  server: { remedy: 'retry', countsAgainstTarget: true },
  truncated: { remedy: 'retry', countsAgainstTarget: true },
  malformed: { remedy: 'retry', countsAgainstTarget: true },
  busy: { remedy: 'retry', countsAgainstTarget: false },
  rate_limit: { remedy: 'next_credential', countsAgainstTarget: false },
  quota: { remedy: 'next_credential', countsAgainstTarget: false },
  authentication: { remedy: 'next_credential', countsAgainstTarget: false },
  permission: { remedy: 'doubt_credential', countsAgainstTarget: false },
  diverged: { remedy: 'give_up', countsAgainstTarget: false },
  unexpected: { remedy: 'next_target', countsAgainstTarget: false },
  not_found: { remedy: 'next_target', countsAgainstTarget: false },
  context_length: { remedy: 'next_target', countsAgainstTarget: false },
  content_policy: { remedy: 'next_target', countsAgainstTarget: false },
  unsupported: { remedy: 'next_target', countsAgainstTarget: false },
  invalid_request: { remedy: 'give_up', countsAgainstTarget: false },
};

/** Reaction to a provider that refuses the content: `next` tries the next target, `end` ends the request. */
export const contentPolicyRules = ['next', 'end'] as const;
export type ContentPolicyRule = (typeof contentPolicyRules)[number];

/** Looks up the verdict of the kind. The provider's `x-should-retry` overrides it, unless a credential is at fault. */
export function classify(
  { kind, shouldRetry, isOfCredential = false }: UpstreamFailure,
  onContentPolicy: ContentPolicyRule = 'next',
): Verdict {
  const verdict = verdicts[kind];
  const { remedy } = verdict;
  if (isOfCredential) return { ...verdict, remedy: 'other_credential' };
  // The operator's setting takes precedence over the provider's header.
  if (kind === 'content_policy' && onContentPolicy === 'end') return { ...verdict, remedy: 'give_up' };
  if (shouldRetry === false && remedy === 'retry') return { ...verdict, remedy: 'next_target' };
  if (shouldRetry === true && (remedy === 'next_target' || remedy === 'give_up')) {
    return { ...verdict, remedy: 'retry' };
  }
  return verdict;
}

/** Returns whether the same attempt would fail the same way. Such a request gets one more attempt, elsewhere. */
export const isSpoiled = ({ kind, shouldRetry }: UpstreamFailure): boolean =>
  kind === 'malformed' && shouldRetry !== true;

/**
 * Returns the scope of the cooldown after a failure that sends a request to the next credential: the whole credential,
 * or the credential for the requested model only. Most providers limit per model; the others set `rateLimitScope`.
 */
export function cooldownScope({ kind, code, rateLimitScope }: UpstreamFailure): 'credential' | 'model' {
  const isOfModel =
    (kind === 'rate_limit' && rateLimitScope !== 'account') ||
    // The balance is too small for this request; cheaper models may still work.
    (kind === 'quota' && rateLimitScope === 'model') ||
    (kind === 'permission' && code === 'model_not_allowed');
  return isOfModel ? 'model' : 'credential';
}

/** Returns whether the credential itself is at fault, so that waiting for it cannot help. */
export const isCredentialRefused = (failure: UpstreamFailure): boolean =>
  failure.kind === 'authentication' || failure.kind === 'permission';
