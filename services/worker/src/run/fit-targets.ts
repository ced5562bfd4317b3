import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import { fitRequest } from '@sluice/providers';
import { droppedParametersAttribute } from '@sluice/telemetry';
import type { Target } from '../targets/targets.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { nativeOf } from './native.ts';

interface Fit {
  /** The request as each target can serve it; targets that can't serve it are absent. */
  readonly bodies: ReadonlyMap<Target, ChatBody>;
  readonly misfit: UpstreamFailure | undefined;
}

/** Fits the request to each target: leaves out unsupported fields, or finds that the target can't serve the request. */
export function fitTargets(targets: readonly Target[], claimedRun: ClaimedRun): Fit {
  const { body, job, span } = claimedRun;
  const bodies = new Map<Target, ChatBody>();
  let misfit: UpstreamFailure | undefined;
  for (const target of targets) {
    // The provider itself decides on a request in its own protocol.
    if (nativeOf(claimedRun, target) !== undefined) {
      bodies.set(target, claimedRun.body);
      continue;
    }
    const fitted = fitRequest(body, target.adapter, {
      model: job.model,
      dropUnsupported: target.dropsUnsupported,
      hints: job.hints,
    });
    if (fitted.kind === 'unsupported') misfit ??= fitted.failure;
    else bodies.set(target, fitted.body);
    if (fitted.kind === 'fits' && fitted.dropped.length > 0) span.set(droppedParametersAttribute(fitted.dropped));
  }
  return { bodies, misfit };
}
