import type { Answered, End, ErrorCode, GatewayError } from '@sluice/protocol';
import type { ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';
import { createResumption, type ResumptionRequest } from './resumption.ts';

/**
 * Receives the answer of a request. Exactly one of `onEnd` and `onError` is called, unless the request is cancelled
 * first. If `onEnd` throws, `onError` is called with an `internal_error` as well: the client must get an end.
 */
export interface ExchangeListener {
  onStarted(workerId: string): void;
  onAnswered(answered: Answered): void;
  onData(text: string): void;
  onEnd(end: End): void;
  onError(error: GatewayError, facts: FailureFacts): void;
  /** Called when the request is queued again because of this error; `isResumed` if the client has part of an answer. */
  onRerun(reason: ErrorCode, isResumed: boolean): void;
}

export type ClientCommand = Extract<ExchangeCommand, { kind: `tell_${string}` }>;

/** Calls the listener of a request, and records the part of the answer that the client has. */
export interface ClientSide {
  carryOut(command: ClientCommand, state: ExchangeState): void;
  /** Decides on another run after one that ended before its answer did. */
  afterRun(ending: Extract<ExchangeCommand, { kind: 'decide_rerun' }>['ending']): ExchangeEvent;
  /** Returns the cost of a request whose worker did not report it. A lost run may have made an attempt. */
  spent(state: ExchangeState): FailureFacts;
}

export function createClientSide(request: ResumptionRequest, listener: ExchangeListener): ClientSide {
  const resumption = createResumption(request);
  return {
    carryOut(command, state) {
      switch (command.kind) {
        case 'tell_started':
          return listener.onStarted(command.workerId);
        case 'tell_answered': {
          const { answered } = command;
          if (answered.continuations !== undefined) resumption.extended(answered.continuations);
          return listener.onAnswered(answered);
        }
        case 'tell_data':
          resumption.deliver(command.text);
          return listener.onData(command.text);
        case 'tell_rerun':
          return listener.onRerun(command.reason, command.isResumed);
        case 'tell_end':
          return listener.onEnd(command.end);
        case 'tell_error': {
          const facts = command.facts ?? { attempts: state.attempts, events: resumption.chunks() };
          return listener.onError(resumption.brokenOff(command.error), facts);
        }
      }
    },
    afterRun: (ending) => ({
      kind: 'rerun_decided',
      decision: resumption.decide(),
      chunks: resumption.chunks(),
      ending,
    }),
    spent: ({ attempts, job, mayHaveCalled }) => ({
      attempts: Math.max(attempts, job.state.attempts, mayHaveCalled ? 1 : 0),
      events: resumption.chunks(),
      costMicros: job.state.costMicros,
      isEstimated: job.state.isEstimated || mayHaveCalled,
    }),
  };
}
