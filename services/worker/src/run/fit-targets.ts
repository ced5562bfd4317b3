import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import { fitRequest } from '@sluice/providers';
import { droppedParametersAttribute } from '@sluice/telemetry';
import type { Target } from '../targets/targets.ts';
import type { ClaimedRun } from './claimed-run.ts';
import { nativeOf } from './native.ts';

interface Fit {
  /** The request as each target can serve it; targets that can't serve it are absent. */
  readonly bodies: ReadonlyMap<Target, ChatBody>;
  /** Names of the fields that each target does not get, without indices; targets that get all are absent. */
  readonly dropped: ReadonlyMap<Target, readonly string[]>;
  readonly misfit: UpstreamFailure | undefined;
}

/** Fits the request to each target: leaves out unsupported fields, or finds that the target can't serve the request. */
export function fitTargets(targets: readonly Target[], claimedRun: ClaimedRun): Fit {
  const { body, job, span } = claimedRun;
  const bodies = new Map<Target, ChatBody>();
  const dropped = new Map<Target, readonly string[]>();
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
      mayDrop: job.mayDrop,
    });
    if (fitted.kind === 'unsupported') {
      misfit ??= fitted.failure;
      continue;
    }
    bodies.set(target, fitted.body);
    if (fitted.dropped.length > 0) span.set(droppedParametersAttribute(fitted.dropped));
    const names = new Set([...fitted.dropped.map(withoutIndices), ...fitted.unsent]);
    if (names.size > 0) dropped.set(target, [...names]);
  }
  return { bodies, dropped, misfit };
}

const withoutIndices = (path: string): string => path.replaceAll(/\[\d+\]/g, '');
