import type { ServerResponse } from 'node:http';
import type { OpenCall } from '../audit/audit.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import { type Classes, splitAnswer } from '../bill/tokens.ts';
import { spoilUtf8, writeSplit } from './bytes.ts';
import { closeConnection, resetConnection } from './connection.ts';
import type { WholeAnswer } from './provider.ts';

/** A whole answer in progress. */
export interface WholeSending {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly behaviour: Behaviour;
  readonly answer: WholeAnswer;
  /** Classes of the provider's bill. */
  readonly classes: Classes;
}

/** Sends one JSON body with status 200, with the behaviour's transport fault if it has one. */
export function sendWhole({ response, call, behaviour, answer, classes }: WholeSending): void {
  const fault = behaviour.fault?.name;
  const text = fault === 'badjson' ? answer.body.replace('{', '<') : answer.body;
  const whole = fault === 'badutf8' ? spoilUtf8(text) : Buffer.from(text);
  const half = whole.subarray(0, whole.length >> 1);
  const body = fault === 'half' ? half : whole;
  // A whole answer has no [DONE] that could be omitted.
  if (fault !== undefined && fault !== 'nodone') call.strike();
  call.answer(200);
  call.addTokens(answer.tokens);
  const isComplete = fault === undefined || fault === 'nodone' || fault === 'empty';
  if (answer.isFree === true) call.waive();
  else {
    const billed = answer.billed ?? { output: answer.tokens, reasoning: 0 };
    call.settle(splitAnswer(billed, classes), isComplete && answer.tellsUsage !== false);
  }
  response.writeHead(200, {
    'content-type': 'application/json',
    ...(behaviour.isSplit ? {} : { 'content-length': body.length }),
  });
  if (fault === 'reset' || fault === 'close') {
    response.write(half);
    if (fault === 'reset') resetConnection(response);
    else closeConnection(response);
    call.end('answered');
  } else if (fault === 'stall') {
    response.write(half);
  } else if (behaviour.isSplit) {
    writeSplit(response, body);
    response.end();
  } else {
    response.end(body);
  }
}
