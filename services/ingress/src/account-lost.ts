import type { UpstreamPlace } from '@sluice/config';
import type { OutboxWriter } from '@sluice/outbox';
import { estimatePrompt } from '@sluice/policy';
import { costOf, type Pricing } from '@sluice/prices';
import { readChatBody } from '@sluice/protocol';
import { type AttemptEntry, attemptId, noTokens, type TokenCounts } from '@sluice/records';
import type { AccountLost, LostRun } from './inference/exchange/lost-run.ts';

export interface AccountLostNeeds {
  readonly upstreams: readonly UpstreamPlace[];
  readonly pricing: Pick<Pricing, 'priceOf'>;
  /** Takes the ledger entries on their way to the database; undefined if there is none. */
  readonly attempts: Pick<OutboxWriter<AttemptEntry>, 'add'> | undefined;
}

/**
 * Settles the attempt of a killed worker by what the client has received. If the worker lives after all, its own entry
 * replaces this one in the database: both have the same id, and exact replaces estimated.
 */
export function createAccountLost({ upstreams, pricing, attempts }: AccountLostNeeds): AccountLost {
  const places = new Map(upstreams.map((place) => [place.id, place]));
  return (lost) => {
    const { job, answered, startedAtMs } = lost;
    const { requestId, epoch, operation } = job;
    const number = answered?.attempts ?? 0;
    const place = places.get(answered?.upstream ?? '');
    const tokens = answered === undefined ? noTokens : tokensOf(lost);
    const { costMicros, source } =
      place === undefined || answered === undefined
        ? { costMicros: 0, source: 'none' }
        : costOf(tokens, pricing.priceOf({ upstream: place.id, ...place, model: answered.model, at: startedAtMs }));
    attempts?.add({
      id: attemptId({ requestId, epoch, number }),
      requestId,
      epoch,
      number,
      upstream: answered?.upstream ?? '',
      model: answered?.model ?? '',
      credential: answered?.credential ?? '',
      operation,
      startedAt: startedAtMs,
      durationMs: Math.max(0, Date.now() - startedAtMs),
      outcome: 'lost',
      tokens,
      costMicros,
      priceSource: source,
      estimated: true,
    });
    return costMicros;
  };
}

const tokensOf = ({ job, body, events }: LostRun): TokenCounts => ({
  ...noTokens,
  fresh: estimatePrompt(job.operation, readChatBody(body.toString('utf8'), job.operation)),
  output: events,
});
