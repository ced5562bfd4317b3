import type { UpstreamHealth } from '@sluice/admission';
import type { ChatBody } from '@sluice/providers';
import { isRedisUnavailable } from '@sluice/redis';
import { createStreamJoin, createWholeJoin, isExtensible, type PrefillStyle, withAnswerSoFar } from '@sluice/rescue';
import type { AttemptResult } from './attempt.ts';
import { answeredBy, type CallResult, type CallTarget, type ChosenCall } from './call-target.ts';
import type { Execution } from './execute.ts';

export type FailedAttempt = AttemptResult & { readonly kind: 'failed' };

/** How an answer ended, with all the calls that it took. */
export type FullResult = CallResult & {
  /** Calls that wrote on where the one before had met its limit, those of earlier runs included. */
  readonly continuations: number;
};

export interface ContinueNeeds {
  readonly callTarget: CallTarget;
  readonly health: Pick<UpstreamHealth, 'choose'>;
  /** Told of each further call that failed. */
  readonly onFailed: (call: ChosenCall, result: FailedAttempt) => Promise<void>;
}

export interface Opening {
  /** The first call of this run. */
  readonly first: ChosenCall;
  /** The request as the target can serve it, without anything of an answer. */
  readonly fitted: ChatBody;
  /** How the target writes on, if it does by itself. */
  readonly prefill: PrefillStyle | 'none';
}

/**
 * Makes a call, and where the model's entry says so further ones while the answer ends because it met its limit. The client
 * sees one answer. When a further call fails the answer stays at `length`: it is cut, and says so.
 */
export async function answerInFull(
  needs: ContinueNeeds,
  execution: Execution,
  { first, fitted, prefill }: Opening,
): Promise<FullResult> {
  const { job, body, delivered, publisher } = execution;
  const { target } = first;
  const before = first.continuations;
  if (target.maxContinuations === 0 || job.operation !== 'chat' || !isExtensible(body)) {
    return { ...(await needs.callTarget(execution, first)), continuations: before };
  }

  const join = job.stream ? createStreamJoin(delivered) : createWholeJoin();
  const pass = (text: string): void => {
    if (text !== '') publisher.data(text);
  };
  const joined: Execution = { ...execution, publisher: { ...publisher, data: (text) => pass(join.take(text)) } };
  const opened = await needs.callTarget(joined, first);
  if (opened.kind !== 'complete') return { ...opened, continuations: before };

  let { summary, events, received } = opened;
  let soFar = join.endCall(summary.usage);
  let continuations = before;
  let style = prefill;
  const mayGoOn = (): boolean =>
    summary.finishReason === 'length' && continuations < target.maxContinuations && execution.remainingMs() > 0;

  while (soFar !== undefined && mayGoOn()) {
    const ref = { upstreamId: target.upstream, model: target.model };
    const offer = target.pool.offer();
    const choice = await needs.health.choose(ref, offer.ids, job).catch(ifAway).finally(offer.close);
    if (choice?.kind !== 'go') break;
    continuations += 1;
    const call: ChosenCall = {
      ...choice,
      target,
      body: withAnswerSoFar(fitted, soFar.content, style),
      attempts: first.attempts + continuations - before,
      continuations,
      rescue: job.stream ? 'continue' : undefined,
    };
    // Before it: should this worker die, the next one knows that there was more than one answer.
    publisher.send('answered', answeredBy(call));
    const result = await needs.callTarget({ ...joined, delivered: job.stream ? soFar : undefined }, call);
    events += result.events;
    received += result.received;
    if (result.kind === 'aborted') return { ...result, events, received, continuations };
    if (result.kind === 'complete') {
      ({ summary } = result);
      soFar = join.endCall(summary.usage);
      continue;
    }
    await needs.onFailed(call, result).catch(ifAway);
    const isPrefillRefused = style !== 'none' && result.failure.kind === 'invalid_request' && result.events === 0;
    if (!isPrefillRefused) break;
    style = 'none';
  }
  pass(join.close());
  return { kind: 'complete', summary: { ...summary, usage: join.usage }, events, received, continuations };
}

/** Without Redis nobody knows of another call, nor learns from the last; what there is of the answer is good all the same. */
function ifAway(error: unknown): undefined {
  if (!isRedisUnavailable(error)) throw error;
}
