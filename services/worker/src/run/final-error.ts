import { clientWaitMs, type NextStep, type Standing, toClientError } from '@sluice/policy';
import { type ChatJob, GatewayError, type UpstreamFailure } from '@sluice/protocol';
import type { TargetsOf } from '../targets/targets.ts';

export interface FinalErrorFacts {
  readonly step: NextStep;
  /** The last failure of this request, in this run or an earlier one. */
  readonly lastFailure: UpstreamFailure | undefined;
  readonly standings: readonly Standing[];
}

/** The error for a request that has no target left, or none before its deadline. */
export function finalError({ step, lastFailure, standings }: FinalErrorFacts): GatewayError {
  if (step.kind === 'fail' && step.reason === 'cooling') {
    return toClientError({ kind: 'rate_limit', message: '', retryAfterMs: step.retryAfterMs });
  }
  if (lastFailure !== undefined) return toClientError(lastFailure);
  // No call was made: other requests found every credential refused a moment ago.
  if (step.kind === 'fail' && step.reason === 'refused') return new GatewayError('upstream_authentication');
  const waitMs = step.kind === 'fail' ? step.retryAfterMs : step.delayMs;
  const retryAfterMs = waitMs === undefined ? undefined : clientWaitMs(waitMs);
  return new GatewayError('upstream_unavailable', { message: unavailable(standings), retryAfterMs });
}

/** Names the failures that opened the circuits, if they are known. */
function unavailable(standings: readonly Standing[]): string | undefined {
  const causes = standings.flatMap((each) => (each.kind === 'open' && each.cause !== undefined ? [each.cause] : []));
  if (causes.length === 0) return undefined;
  return `No provider for this model is available just now; the last failure there was ${causes[0]}.`;
}

/** The deadline passed before any target answered. */
export const tooLate: UpstreamFailure = {
  kind: 'timeout',
  message: 'The request reached its deadline.',
};

/** For a model without a target that could serve the request. */
export function noTargetError(targetsOf: TargetsOf, { model, operation }: ChatJob): GatewayError {
  const isKnown = operation === 'embeddings' && targetsOf(model, 'chat').length > 0;
  // Ingress and worker can have different configurations during a rollout.
  if (!isKnown) return new GatewayError('upstream_unavailable');
  return new GatewayError('unsupported_parameter', {
    message: `The model "${model}" makes no embeddings.`,
    param: 'model',
  });
}
