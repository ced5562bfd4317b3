import type { Answered, End, ErrorCode, GatewayError } from '@sluice/protocol';
import type { ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';
import { createResumption, type ResumptionRequest } from './rescue.ts';

/**
 * Hears the answer of a request. Exactly one of `onEnd` and `onError` is called, unless the request is cancelled first.
 * If `onEnd` throws, `onError` is called with an `internal_error` as well: the client must hear of an end.
 */
export interface ExchangeListener {
  onStarted(workerId: string): void;
  onAnswered(answered: Answered): void;
  onData(text: string): void;
  onEnd(end: End): void;
  onError(error: GatewayError, facts: FailureFacts): void;
  /** The request goes into the queue once more, because of this error; `isResumed` if the client has part of an answer. */
  onRerun(reason: ErrorCode, isResumed: boolean): void;
}

export type ClientCommand = Extract<ExchangeCommand, { kind: `tell_${string}` }>;

/** Tells the client, and knows which part of the answer it has. */
export interface ClientSide {
  carryOut(command: ClientCommand, state: ExchangeState): void;
  /** Finds out how the request goes on after a run that ended before its answer did. */
  afterRun(ending: Extract<ExchangeCommand, { kind: 'find_continuation' }>['ending']): ExchangeEvent;
  /** Returns what a request has cost where no worker's report says it: lost runs may have called an upstream. */
  spent(state: ExchangeState): FailureFacts;
}

export function createClientSide(request: ResumptionRequest, listener: ExchangeListener): ClientSide {
  const rescue = createResumption(request);
  return {
    carryOut(command, state) {
      switch (command.kind) {
        case 'tell_started':
          return listener.onStarted(command.workerId);
        case 'tell_answered': {
          const { answered } = command;
          if (answered.continuations !== undefined) rescue.continued(answered.continuations);
          return listener.onAnswered(answered);
        }
        case 'tell_data':
          rescue.deliver(command.text);
          return listener.onData(command.text);
        case 'tell_rerun':
          return listener.onRerun(command.reason, command.isResumed);
        case 'tell_end':
          return listener.onEnd(command.end);
        case 'tell_error': {
          const facts = command.facts ?? { attempts: state.attempts, events: rescue.chunks() };
          return listener.onError(rescue.brokenOff(command.error), facts);
        }
      }
    },
    afterRun: (ending) => ({
      kind: 'continuation',
      continuation: rescue.after(ending.error),
      chunks: rescue.chunks(),
      ending,
    }),
    spent: ({ attempts, job, mayHaveCalled }) => ({
      attempts: Math.max(attempts, job.state.attempts, mayHaveCalled ? 1 : 0),
      events: rescue.chunks(),
    }),
  };
}
