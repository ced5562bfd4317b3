import { type ChatJob, firstRetryState, GatewayError } from '@sluice/protocol';
import type { Ending, ExchangeEvent, ExchangeState, Phase } from '../../../src/inference/exchange/exchange-events.ts';
import { firstState } from '../../../src/inference/exchange/exchange-state.ts';

export const job: ChatJob = {
  requestId: 'r',
  epoch: 1,
  ingressId: 'i',
  tenant: 't',
  model: 'm',
  stream: true,
  operation: 'chat',
  state: firstRetryState,
};
export const error = new GatewayError('upstream_error');
const retryState = { ...firstRetryState, attempts: 1 };
const retryEnding: Ending = { error, delayMs: 5, state: retryState, isLost: false };
export const lostEnding: Ending = {
  error: new GatewayError('worker_lost'),
  delayMs: 0,
  state: retryState,
  isLost: true,
};
export const holds = { workerId: 'w', isOver: false, sent: 1 };

/** All events, in all forms that lead to different steps. */
export const events: readonly ExchangeEvent[] = [
  { kind: 'submit' },
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'cancel' },
  { kind: 'fail', code: 'draining' },
  { kind: 'stored', found: 'queued', epoch: 1 },
  { kind: 'stored', found: 'unknown', epoch: 1 },
  { kind: 'resubmitted', found: 'queued', epoch: 1, isReplacement: false },
  { kind: 'resubmitted', found: 'gone', epoch: 1, isReplacement: false },
  { kind: 'resubmitted', found: 'unknown', epoch: 1, isReplacement: true },
  { kind: 'not_queued', error, isReplacement: false },
  { kind: 'not_queued', error, isReplacement: true },
  { kind: 'taken_back', found: { kind: 'taken_back' }, epoch: 1 },
  { kind: 'taken_back', found: { kind: 'claimed', workerId: 'w' }, epoch: 1 },
  { kind: 'taken_back', found: { kind: 'unknown' }, epoch: 1 },
  { kind: 'withdrawn', isClaimed: true },
  { kind: 'withdrawn', isClaimed: false },
  { kind: 'redis_restored' },
  { kind: 'not_found' },
  { kind: 'started', workerId: 'w' },
  { kind: 'answered', answered: { upstream: 'u', model: 'm', attempts: 1 } },
  { kind: 'data', text: 'a' },
  { kind: 'end', end: { events: 1, burntTokens: 0 } },
  { kind: 'error', error, facts: { attempts: 1, events: 0 } },
  { kind: 'retry', delayMs: 5, state: retryState, error },
  { kind: 'holds', holds, received: 1 },
  { kind: 'holds', holds, received: 0 },
  { kind: 'holds', holds: { ...holds, sent: 3 }, received: 0 },
  { kind: 'holds', holds: { ...holds, isOver: true }, received: 1 },
  { kind: 'gap' },
  { kind: 'worker_lost' },
  { kind: 'disclaimed' },
  { kind: 'silence' },
  ...[retryEnding, lostEnding].flatMap((ending): ExchangeEvent[] => [
    { kind: 'rerun_decided', decision: { kind: 'rerun', delivered: undefined }, chunks: 2, ending },
    { kind: 'rerun_decided', decision: { kind: 'complete', finishReason: 'stop' }, chunks: 2, ending },
    { kind: 'rerun_decided', decision: { kind: 'over' }, chunks: 2, ending },
  ]),
  { kind: 'rerun_due', reason: 'upstream_error' },
  { kind: 'confirmation_due' },
];

export const stateIn = (phase: Phase, over: Partial<ExchangeState> = {}): ExchangeState => ({
  ...firstState(job),
  phase,
  isSubmitted: phase !== 'new',
  workerId: phase === 'running' || phase === 'cancelling' ? 'w' : undefined,
  ...over,
});
