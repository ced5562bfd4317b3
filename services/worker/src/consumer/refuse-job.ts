import { type ChatJob, GatewayError } from '@sluice/protocol';
import { createPublisher } from '@sluice/relay';
import type { RefusalReason } from '@sluice/telemetry';
import { spentIn } from '../run/tally.ts';
import { publishOutcome } from './report-outcome.ts';
import type { RunJobNeeds } from './run-job-needs.ts';

type RefuseNeeds = Pick<RunJobNeeds, 'metrics' | 'onRefused' | 'writer' | 'forget'>;

const noSignature =
  'it is not signed with the SLUICE_SECRET_KEY of this worker: give the same one to all ingresses; if they have it, ' +
  'another program wrote to Redis';

/** Refuses a job that was not written by an ingress with this worker's secret. */
export function refuseForged(needs: RefuseNeeds, job: ChatJob | undefined): void {
  if (job !== undefined) return refuseJob(needs, job, { metric: 'unsigned', reason: noSignature });
  needs.metrics.jobRefused('malformed');
  needs.onRefused(new Error('it is not a job of Sluice: another program wrote to Redis'));
}

/** Refuses a job and reports it to its ingress, so that a wrong secret does not look like a provider that hangs. */
export function refuseJob(
  needs: RefuseNeeds,
  job: ChatJob,
  { metric, reason }: { readonly metric: RefusalReason; readonly reason: string },
): void {
  const { requestId, epoch, ingressId, state } = job;
  needs.metrics.jobRefused(metric);
  needs.onRefused(new Error(reason));
  const publisher = createPublisher({ writer: needs.writer, destination: ingressId, requestId, epoch });
  publishOutcome(publisher, {
    kind: 'error',
    error: new GatewayError('internal_error'),
    attempts: state.attempts,
    events: 0,
    spent: spentIn(state),
  });
  needs.forget(job);
}
