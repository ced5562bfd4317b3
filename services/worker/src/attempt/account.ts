import type { OpenEntries, OutboxWriter } from '@sluice/outbox';
import type { Pricing } from '@sluice/prices';
import { costOf } from '@sluice/prices';
import type { Usage } from '@sluice/protocol';
import { type AttemptEntry, attemptId } from '@sluice/records';
import type { WorkerMetrics } from '@sluice/telemetry';
import type { ClaimedRun } from '../run/claimed-run.ts';
import type { Spent } from '../run/tally.ts';
import type { ChosenAttempt } from './chosen-attempt.ts';
import type { CountedTokens } from './count-tokens.ts';
import type { PromptScale } from './prompt-scale.ts';
import { providerCostOf } from './provider-cost.ts';

export interface AccountNeeds {
  /** Takes the ledger entries on their way to the database; undefined if there is none. */
  readonly attempts: Pick<OutboxWriter<AttemptEntry>, 'add'> | undefined;
  /** Keeps the entries of calls that run, for the case that this process dies; undefined without a database. */
  readonly openAttempts: Pick<OpenEntries, 'open' | 'end'> | undefined;
  readonly promptScale: PromptScale;
  readonly pricing: Pick<Pricing, 'priceOf'>;
  readonly metrics: Pick<WorkerMetrics, 'spent' | 'tokensBilled' | 'costDiffers'>;
  /** Called when a provider reports another cost than the price table gives. */
  readonly onCostDiffers: (call: {
    readonly upstream: string;
    readonly model: string;
    readonly costMicros: number;
    readonly providerCostMicros: number;
  }) => void;
}

/** One call that has ended. */
export interface EndedCall {
  /** Number of the call among all of its request. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly outcome: AttemptEntry['outcome'];
  readonly failureKind?: string | undefined;
  /** HTTP status of the answer. */
  readonly status?: number | undefined;
  /** Time to first token. */
  readonly ttftMs?: number | undefined;
  readonly counted: CountedTokens;
  /** Usage as the provider told it; may hold the cost. */
  readonly usage: Usage | undefined;
}

/** The run and the attempt of a call. */
export interface CallOwner {
  readonly claimedRun: Pick<ClaimedRun, 'job'>;
  readonly chosen: Pick<ChosenAttempt, 'target' | 'credentialId'>;
}

/** Prices a call, counts its cost, and leaves its ledger entry. Returns the cost. */
export function accountFor(needs: AccountNeeds, owner: CallOwner, call: EndedCall): Spent {
  const { job } = owner.claimedRun;
  const { upstream, model } = owner.chosen.target;
  const entry = entryOf(needs, owner, call);
  const { costMicros, providerCostMicros, tokens, estimated } = entry;
  needs.metrics.spent(upstream, job.model, costMicros);
  needs.metrics.tokensBilled(upstream, tokens);
  if (providerCostMicros !== undefined && isFar(costMicros, providerCostMicros)) {
    needs.metrics.costDiffers(upstream);
    needs.onCostDiffers({ upstream, model, costMicros, providerCostMicros });
  }
  needs.attempts?.add(entry);
  needs.openAttempts?.end(entry.id);
  return { costMicros, isEstimated: estimated };
}

/** Returns the ledger entry of a call. */
export function entryOf(
  { pricing }: Pick<AccountNeeds, 'pricing'>,
  { claimedRun: { job }, chosen }: CallOwner,
  call: EndedCall,
): AttemptEntry {
  const { requestId, epoch, operation } = job;
  const { upstream, model, baseUrl, adapter } = chosen.target;
  const { number, startedAtMs, counted, usage, failureKind, status, ttftMs } = call;
  const { tokens, isEstimated } = counted;
  const audioTokens = partOf(usage, 'audio_tokens');
  const imageTokens = partOf(usage, 'image_tokens');
  const price = pricing.priceOf({ upstream, type: adapter.type, baseUrl, model, at: startedAtMs });
  const { costMicros, source } = costOf(tokens, price, {
    inputAudio: audioTokens.prompt,
    inputImage: imageTokens.prompt,
    outputAudio: audioTokens.answer,
    outputImage: imageTokens.answer,
    cacheWriteHour: countIn(usage?.['prompt_tokens_details'], 'cache_write_1h_tokens'),
  });
  const providerCostMicros = providerCostOf(usage);
  return {
    id: attemptId({ requestId, epoch, number }),
    requestId,
    epoch,
    number,
    upstream,
    model,
    credential: chosen.credentialId,
    operation,
    startedAt: startedAtMs,
    durationMs: Math.max(0, Date.now() - startedAtMs),
    ...(ttftMs === undefined ? {} : { ttftMs: Math.round(ttftMs) }),
    outcome: call.outcome,
    ...(failureKind === undefined ? {} : { failureKind }),
    ...(status === undefined ? {} : { status }),
    tokens,
    ...(audioTokens.sum === 0 ? {} : { audioTokens: audioTokens.sum }),
    ...(imageTokens.sum === 0 ? {} : { imageTokens: imageTokens.sum }),
    costMicros,
    ...(providerCostMicros === undefined ? {} : { providerCostMicros }),
    priceSource: source,
    estimated: isEstimated,
  };
}

/** Largest difference of two costs that rounding explains: 1 %, and a micro-dollar. */
const isFar = (ours: number, theirs: number): boolean => Math.abs(ours - theirs) > 1 + theirs / 100;

interface Part {
  readonly prompt: number;
  readonly answer: number;
  readonly sum: number;
}

/** Reads a count of the details of a usage, which nothing has validated. */
function partOf(usage: Usage | undefined, name: string): Part {
  const prompt = countIn(usage?.['prompt_tokens_details'], name);
  const answer = countIn(usage?.['completion_tokens_details'], name);
  return prompt + answer === 0 ? noPart : { prompt, answer, sum: prompt + answer };
}

const noPart: Part = { prompt: 0, answer: 0, sum: 0 };

function countIn(details: unknown, name: string): number {
  const count: unknown = typeof details === 'object' && details !== null ? Reflect.get(details, name) : undefined;
  return typeof count === 'number' && Number.isSafeInteger(count) && count > 0 ? count : 0;
}
