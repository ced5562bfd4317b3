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
 * Settles the attempt of a killed worker by what the client has received. The worker has kept an entry for this case too, which
 * the recorder finds: both have the same id, and the one that counts more replaces the other. If the worker lives after all,
 * its own end of the attempt replaces both.
 *
 * Without a report of the worker, only the request is charged, for the prompt at the first target of its model: almost all of
 * the time before it is the upstream's. The ledger has the worker's own entry.
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
    const place = places.get(called.upstream);
    const tokens = tokensOf(lost);
    const { costMicros, source } =
      place === undefined
        ? { costMicros: 0, source: 'none' }
        : costOf(tokens, pricing.priceOf({ upstream: place.id, ...place, model: called.model, at: startedAtMs }));
    if (answered === undefined) return costMicros;
    attempts?.add({
      id: attemptId({ requestId, epoch, number: answered.attempts }),
      requestId,
      epoch,
      number: answered.attempts,
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

const tokensOf = ({ job, answered, body, events, reasoningEvents }: LostRun): TokenCounts => ({
  ...noTokens,
  ...(answered?.prompt ?? { fresh: estimatePrompt(job.operation, readChatBody(body.toString('utf8'), job.operation)) }),
  output: events - reasoningEvents,
  reasoning: reasoningEvents,
});
