import type { ResponseHead, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, ChatBody, Preparation, PreparationStep, ProviderAdapter, StepAnswer } from '@sluice/providers';
import type { Call, UpstreamClient } from '@sluice/upstream';

/** A request whose provider has been asked all that must be asked before the answer. */
export type PrepareResult =
  | { readonly kind: 'ready'; readonly body: ChatBody; readonly plan: CallPlan }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' };

export interface PrepareOptions {
  readonly client: UpstreamClient;
  readonly adapter: ProviderAdapter;
  readonly body: ChatBody;
  readonly plan: CallPlan;
  readonly signal: AbortSignal;
  /** For one step. */
  readonly stepMs: number;
  /** Until the request's deadline. */
  readonly remainingMs: number;
  readonly maxBodyBytes: number;
}

/** Asks a provider what its protocol wants to be asked first. Never rejects. */
export async function prepare(options: PrepareOptions): Promise<PrepareResult> {
  const { adapter, body, plan } = options;
  const steps = adapter.prepare?.(body, plan);
  if (steps === undefined) return { kind: 'ready', body, plan };
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), options.remainingMs);
  const result = await takeSteps(steps, options, AbortSignal.any([options.signal, deadline.signal]));
  clearTimeout(timer);
  return result;
}

async function takeSteps(steps: Preparation, options: PrepareOptions, signal: AbortSignal): Promise<PrepareResult> {
  const { body, plan } = options;
  let next = steps.next();
  while (next.done !== true) {
    const result = await takeStep(next.value, options, signal);
    if (result.kind === 'answer') {
      next = steps.next(result.answer);
      continue;
    }
    leave(steps, options.client);
    if (options.signal.aborted) return { kind: 'aborted' };
    return { kind: 'failed', failure: result.kind === 'failed' ? result.failure : tooLong };
  }
  if (next.value.kind === 'failed') return next.value;
  const { body: prepared = body, notes } = next.value;
  return { kind: 'ready', body: prepared, plan: notes === undefined ? plan : { ...plan, notes } };
}

const tooLong: UpstreamFailure = { kind: 'timeout', message: 'The provider did not begin to answer in time.' };

type StepResult =
  | { readonly kind: 'answer'; readonly answer: StepAnswer }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'aborted' };

function takeStep(step: PreparationStep, options: PrepareOptions, signal: AbortSignal): Promise<StepResult> {
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
  { client, maxBodyBytes }: PrepareOptions,
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

/** Ends a preparation early; what it wants to say to the provider then is said, and nobody waits for it. */
function leave(steps: Preparation, client: UpstreamClient): void {
  const last = steps.return({ kind: 'failed', failure: tooLong });
  if (last.done === true || last.value.kind !== 'call') return;
  client.tell(last.value.request);
}
