import { type Config, findModel, type UpstreamPlace } from '@sluice/config';
import type { OutboxWriter } from '@sluice/outbox';
import { estimatePrompt } from '@sluice/policy';
import { costOf, type Pricing } from '@sluice/prices';
import { type Answered, readChatBody } from '@sluice/protocol';
import { type AttemptEntry, attemptId, noTokens, type TokenCounts } from '@sluice/records';
import type { AccountLost, LostRun } from './inference/exchange/lost-run.ts';

export interface AccountLostNeeds {
  readonly upstreams: readonly UpstreamPlace[];
  readonly models: Config['models'];
  readonly pricing: Pick<Pricing, 'priceOf'>;
  /** Takes the ledger entries on their way to the database; undefined if there is none. */
  readonly attempts: Pick<OutboxWriter<AttemptEntry>, 'add'> | undefined;
}

/**
 * Settles the attempt of a killed worker by what the client has received. If nothing has arrived, the first target of the
 * model has probably been called, and has charged for the prompt: almost all of that time is the upstream's. If the worker lives after all, its own entry
 * replaces this one in the database: both have the same id, and exact replaces estimated.
 */
export function createAccountLost({ upstreams, models, pricing, attempts }: AccountLostNeeds): AccountLost {
  const places = new Map(upstreams.map((place) => [place.id, place]));
  const firstTarget = (name: string): Called => {
    const target = findModel({ models }, name)?.targets[0];
    return { upstream: target?.upstream ?? '', model: target?.model ?? name, credential: '' };
  };
  return (lost) => {
    const { job, answered, startedAtMs } = lost;
    const called: Called = answered ?? firstTarget(job.model);
    const { requestId, epoch, operation } = job;
    const number = answered?.attempts ?? 0;
    const place = places.get(called.upstream);
    const tokens = tokensOf(lost);
    const { costMicros, source } =
      place === undefined
        ? { costMicros: 0, source: 'none' }
        : costOf(tokens, pricing.priceOf({ upstream: place.id, ...place, model: called.model, at: startedAtMs }));
    attempts?.add({
      id: attemptId({ requestId, epoch, number }),
      requestId,
      epoch,
      number,
      upstream: called.upstream,
      model: called.model,
      credential: called.credential ?? '',
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

/** The place of an attempt. */
type Called = Pick<Answered, 'upstream' | 'model' | 'credential'>;

const tokensOf = ({ job, body, events }: LostRun): TokenCounts => ({
  ...noTokens,
  fresh: estimatePrompt(job.operation, readChatBody(body.toString('utf8'), job.operation)),
  output: events,
});
