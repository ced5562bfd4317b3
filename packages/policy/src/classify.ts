import type { FailureKind, UpstreamFailure } from '@sluice/protocol';

/** The consequences of a failure of one call. */
export interface Verdict {
  /**
   * - `retry`: the target may do better next time; first the other targets, then this one again after a back-off.
   * - `next_credential`: this credential must cool down; another may go at once.
   * - `doubt_credential`: it may be the credential or the request: one other credential may go at once, and if that is
   *   refused too, another target. The credential is in cooldown once another one has served the request, or enough requests say so.
   * - `other_credential`: this credential can't do what the request asks for; another may go at once, and this one needs
   *   no cooldown.
   * - `next_target`: this target will never serve this request; another model may.
   * - `give_up`: nobody will serve this request as it is.
   */
  readonly remedy: 'retry' | 'next_credential' | 'doubt_credential' | 'other_credential' | 'next_target' | 'give_up';
  /** True if the failure speaks against the health of the target, so that its circuit should count it. */
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

/** After a provider has refused the content: `next` asks the next target, `end` ends the request. */
export const contentPolicyRules = ['next', 'end'] as const;
export type ContentPolicyRule = (typeof contentPolicyRules)[number];

/** The provider's `x-should-retry` wins over the verdict of the kind, unless a credential is at fault. */
export function classify(
  { kind, shouldRetry, isOfCredential = false }: UpstreamFailure,
  onContentPolicy: ContentPolicyRule = 'next',
): Verdict {
  const verdict = verdicts[kind];
  const { remedy } = verdict;
  if (isOfCredential) return { ...verdict, remedy: 'other_credential' };
  // The operator's word, against which no provider's counts.
  if (kind === 'content_policy' && onContentPolicy === 'end') return { ...verdict, remedy: 'give_up' };
  if (shouldRetry === false && remedy === 'retry') return { ...verdict, remedy: 'next_target' };
  if (shouldRetry === true && (remedy === 'next_target' || remedy === 'give_up')) {
    return { ...verdict, remedy: 'retry' };
  }
  return verdict;
}

/** Would the same call bring the same again? Then it is made twice at most, the second time elsewhere. */
export const isSpoiled = ({ kind, shouldRetry }: UpstreamFailure): boolean =>
  kind === 'malformed' && shouldRetry !== true;

/**
 * The scope of the cooldown after a failure that sends a request to the next credential: the whole credential, or only its
 * use of the model that was asked for. Most providers limit by model; those that limit the account say so.
 */
export function cooldownScope({ kind, code, rateLimitScope }: UpstreamFailure): 'credential' | 'model' {
  const isOfModel =
    (kind === 'rate_limit' && rateLimitScope !== 'account') ||
    // The balance is too small for this request: cheaper models may well be served.
    (kind === 'quota' && rateLimitScope === 'model') ||
    (kind === 'permission' && code === 'model_not_allowed');
  return isOfModel ? 'model' : 'credential';
}

/** Returns whether the credential itself is at fault, so that waiting for it is in vain. */
export const isCredentialRefused = (failure: UpstreamFailure): boolean =>
  failure.kind === 'authentication' || failure.kind === 'permission';
