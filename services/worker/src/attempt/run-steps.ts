import type { ResponseHead, UpstreamFailure, UpstreamRequest } from '@sluice/protocol';
import type { PreparationStep, StepAnswer } from '@sluice/providers';
import type { Call } from '@sluice/upstream';
import type { CallClient } from '../targets/upstream-clients.ts';

/** A series of calls to a provider that ends in a result. */
export type Steps<Result> = Generator<PreparationStep, Result, StepAnswer>;

export type StepsResult<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly hasThrown?: boolean }
  | { readonly kind: 'aborted' };

export interface StepOptions<Result> {
  readonly client: CallClient;
  /** The result that the generator returns when its steps end early. */
  readonly left: Result;
  readonly signal: AbortSignal;
  /** Time limit of one step. */
  readonly stepMs: number;
  /** Time limit of all steps together. */
  readonly remainingMs: number;
  readonly maxBodyBytes: number;
  /** Default: no limit but the time. */
  readonly maxSteps?: number;
  /** Called for each call that is made. */
  readonly onCall?: (request: UpstreamRequest) => void;
  /** Called with the error that the steps threw. */
  readonly onThrow?: (error: unknown) => void;
}

const tooLong: UpstreamFailure = { kind: 'timeout', message: 'The provider did not begin to answer in time.' };
const tooMany: UpstreamFailure = {
  kind: 'malformed',
  message: 'The provider required too many preparatory calls before its answer.',
};
const thrown: UpstreamFailure = { kind: 'malformed', message: "The provider's answer could not be understood." };

/** Takes the steps one after the other. Never rejects. */
export async function runSteps<Result>(
  steps: Steps<Result>,
  options: StepOptions<Result>,
): Promise<StepsResult<Result>> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.remainingMs);
  try {
    return await takeSteps(steps, options, AbortSignal.any([options.signal, deadline.signal]));
  } catch (error) {
    options.onThrow?.(error);
    return { kind: 'failed', failure: thrown, hasThrown: true };
  } finally {
    clearTimeout(timer);
  }
}

async function takeSteps<Result>(
  steps: Steps<Result>,
  options: StepOptions<Result>,
  signal: AbortSignal,
): Promise<StepsResult<Result>> {
  let next = steps.next();
  for (let taken = 0; next.done !== true; taken++) {
    if (next.value.kind === 'tell') {
      options.client.tell(next.value.request);
      next = steps.next(nothing);
      continue;
    }
    const isOneMore = taken < (options.maxSteps ?? Infinity);
    if (isOneMore && next.value.kind === 'call') options.onCall?.(next.value.request);
    const result: StepResult = isOneMore
      ? await takeStep(next.value, options, signal)
      : { kind: 'failed', failure: tooMany };
    if (result.kind === 'answer') {
      next = steps.next(result.answer);
      continue;
    }
    leave(steps, options);
    if (options.signal.aborted) return { kind: 'aborted' };
    return { kind: 'failed', failure: result.kind === 'failed' ? result.failure : tooLong };
  }
  return { kind: 'done', result: next.value };
}

type StepResult =
  | { readonly kind: 'answer'; readonly answer: StepAnswer }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' };

type AskOptions = Pick<StepOptions<unknown>, 'client' | 'stepMs' | 'maxBodyBytes'>;

function takeStep(
  step: Exclude<PreparationStep, { kind: 'tell' }>,
  options: AskOptions,
  signal: AbortSignal,
): Promise<StepResult> {
  const { promise, resolve } = Promise.withResolvers<StepResult>();
  let call: Call | undefined;
  const timer = setTimeout(onTime, step.kind === 'wait' ? step.ms : options.stepMs);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  else if (step.kind === 'call') call = ask(step.request, options, settle);
  return promise;

  function settle(result: StepResult): void {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    resolve(result);
  }

  function onAbort(): void {
    call?.abort();
    settle({ kind: 'aborted' });
  }

  function onTime(): void {
    call?.abort();
    settle(step.kind === 'wait' ? { kind: 'answer', answer: nothing } : { kind: 'failed', failure: tooLong });
  }
}

const nothing: StepAnswer = { head: { status: 0, headers: {}, receivedAt: 0 }, text: '' };

function ask(
  request: Extract<PreparationStep, { kind: 'call' }>['request'],
  { client, maxBodyBytes }: AskOptions,
  settle: (result: StepResult) => void,
): Call {
  let head: ResponseHead | undefined;
  let text = '';
  const call = client.call(request, {
    onHead: (received) => (head = received),
    onText(piece) {
      text += piece;
      if (text.length <= maxBodyBytes) return;
      call.abort();
      settle({ kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer is too large." } });
    },
    onEnd() {
      if (head !== undefined) settle({ kind: 'answer', answer: { head, text } });
    },
    onFailure: (failure) => settle({ kind: 'failed', failure }),
  });
  return call;
}

/** Ends the steps early; sends their last message to the provider and does not wait for its answer. */
function leave<Result>(steps: Steps<Result>, { client, left }: StepOptions<Result>): void {
  const last = steps.return(left);
  if (last.done !== true && last.value.kind === 'tell') client.tell(last.value.request);
}
