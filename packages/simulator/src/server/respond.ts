import type { ServerResponse } from 'node:http';
import type { OpenCall } from '../audit/audit.ts';
import { noClasses } from '../bill/tokens.ts';
import { type Behaviour, type Fault, isStatusFault } from '../faults/behaviour.ts';
import { afterDelay } from './connection.ts';
import { earlyFaults } from './early-faults.ts';
import type { Failure, FailureContext, Provider, Question } from './provider.ts';
import { sendStream } from './send-stream.ts';
import { sendWhole } from './send-whole.ts';

/** A question that is about to be answered. */
export interface Responding {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly provider: Provider;
  readonly context: FailureContext;
  readonly question: Question;
  readonly behaviour: Behaviour;
}

/** Answers according to the behaviour, after its first delay. */
export function respond(responding: Responding): void {
  charge(responding);
  afterDelay(responding.response, responding.behaviour.firstTokenMs, () => begin(responding));
}

/** Faults after which the provider charges nothing: it has not begun, or has reported an error. */
const isWaived = (fault: Fault | undefined): boolean =>
  fault !== undefined && (isStatusFault(fault) || fault.name === 'resetearly' || fault.name === 'html');

/** Charges for the prompt: the provider reads it before it answers, and whether it is heard or not. */
function charge({ call, question: { bill, model }, behaviour }: Responding): void {
  if (bill === undefined || isWaived(behaviour.fault)) return;
  call.bill(model, bill.rid);
  call.charge(bill.prompt(behaviour));
}

/** An error answer in progress. */
export interface FailureSending {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly failure: Failure;
  readonly behaviour?: Behaviour;
}

/** Sends an error answer, with the behaviour's retry-after if it has one. */
export function sendFailure({ response, call, failure, behaviour }: FailureSending): void {
  const { retryAfterSeconds, retryAfterMs } = behaviour ?? {};
  call.waive();
  call.answer(failure.status);
  response.writeHead(failure.status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(failure.body),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    ...(retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) }),
  });
  response.end(failure.body);
}

function begin(responding: Responding): void {
  const { response, call, provider, context, question, behaviour } = responding;
  const { fault } = behaviour;
  const breakEarly = fault && earlyFaults[fault.name];
  if (breakEarly) {
    call.strike();
    breakEarly({ response, call, isStream: question.stream });
  } else if (fault && isStatusFault(fault)) {
    call.strike();
    sendFailure({ response, call, failure: provider.failure(fault, context), behaviour });
  } else {
    const answer = question.answer(behaviour);
    const classes = question.bill?.classes ?? noClasses;
    if (answer.kind === 'failure') sendFailure({ response, call, failure: answer });
    else if (answer.kind === 'stream') sendStream({ response, call, behaviour, stream: answer, classes });
    else
      afterDelay(response, behaviour.gapMs * answer.steps, () =>
        sendWhole({ response, call, behaviour, answer, classes }),
      );
  }
}
