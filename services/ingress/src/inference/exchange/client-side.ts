import type { Answered, End, ErrorCode, GatewayError, NativeProtocol } from '@sluice/protocol';
import type { Ending, ExchangeCommand, ExchangeEvent, ExchangeState, FailureFacts } from './exchange-events.ts';
import type { AccountLost } from './lost-run.ts';
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
  afterRun(ending: Ending, state: ExchangeState): ExchangeEvent;
  /** Returns the cost of a request whose worker did not report it. A lost run may have made an attempt. */
  spent(state: ExchangeState): FailureFacts;
}

export interface ClientSideRequest extends ResumptionRequest {
  readonly accountLost: AccountLost;
  /** Protocol of the client, if an upstream may answer in it. */
  readonly protocol: NativeProtocol | undefined;
}

export function createClientSide(request: ClientSideRequest, listener: ExchangeListener): ClientSide {
  const resumption = createResumption(request);
  let startedAtMs = 0;
  /** Chunks of earlier runs that have reasoning alone. */
  let reasoningBefore = 0;
  /** The latest report of a worker on its attempt, and the run that it belongs to. */
  let latest: { readonly epoch: number; readonly answered: Answered } | undefined;

  /** Settles the attempt that a lost run may have made. Returns its cost. */
  const accountLost = ({ job, deliveredBefore }: ExchangeState): number =>
    request.accountLost({
      job,
      answered: latest?.epoch === job.epoch ? latest.answered : undefined,
      events: resumption.chunks() - deliveredBefore,
      reasoningEvents: resumption.reasoningChunks() - reasoningBefore,
      body: request.body,
      startedAtMs,
    });

  return {
    carryOut(command, state) {
      switch (command.kind) {
        case 'tell_started':
          startedAtMs = Date.now();
          return listener.onStarted(command.workerId);
        case 'tell_answered': {
          const { answered } = command;
          latest = { epoch: state.job.epoch, answered };
          resumption.reads(answered.native === true ? (request.protocol ?? 'chat') : 'chat');
          if (answered.continuations !== undefined) resumption.extended(answered.continuations);
          return listener.onAnswered(answered);
        }
        case 'tell_data':
          resumption.deliver(command.text);
          return listener.onData(command.text);
        case 'tell_rerun':
          reasoningBefore = resumption.reasoningChunks();
          return listener.onRerun(command.reason, command.isResumed);
        case 'tell_end':
          return listener.onEnd(command.end);
        case 'tell_error': {
          const facts = command.facts ?? { attempts: state.attempts, events: resumption.chunks() };
          return listener.onError(resumption.brokenOff(command.error), facts);
        }
      }
    },
    afterRun: (ending, state) => ({
      kind: 'rerun_decided',
      decision: resumption.decide(),
      chunks: resumption.chunks(),
      ending: ending.isLost && state.mayHaveCalled ? withCost(ending, accountLost(state)) : ending,
    }),
    spent(state) {
      const { attempts, job, mayHaveCalled } = state;
      const costMicros = job.state.costMicros + (mayHaveCalled ? accountLost(state) : 0);
      return {
        attempts: Math.max(attempts, job.state.attempts, mayHaveCalled ? 1 : 0),
        events: resumption.chunks(),
        ...(costMicros > 0 && { costMicros }),
        ...((mayHaveCalled || job.state.isEstimated) && { isEstimated: true }),
      };
    },
  };
}

/** Adds the cost of a lost run. */
const withCost = (ending: Ending, costMicros: number): Ending => ({
  ...ending,
  state: { ...ending.state, costMicros: ending.state.costMicros + costMicros, isEstimated: true },
});
