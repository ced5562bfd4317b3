import type { ServerResponse } from 'node:http';
import type { OpenCall } from '../audit/audit.ts';
import type { Behaviour } from '../faults/behaviour.ts';
import { type Classes, splitAnswer } from '../bill/tokens.ts';
import { writeSplit } from './bytes.ts';
import { midStreamFaults } from './mid-stream-faults.ts';
import type { EventStream } from './provider.ts';

/** Maximum size of one write if tokens are not paced, in characters; other streams are then served. */
const charsPerWrite = 64 * 1024;

const eventStream = 'text/event-stream; charset=utf-8';

/** A stream in progress. */
export interface StreamSending {
  readonly response: ServerResponse;
  readonly call: OpenCall;
  readonly behaviour: Behaviour;
  readonly stream: EventStream;
  /** Classes of the provider's bill. */
  readonly classes: Classes;
}

/**
 * Sends a stream of events at the behaviour's pace. It keeps to a schedule: steps delayed by a busy process or a slow
 * reader are sent together as soon as possible, so that a stream takes the requested time. At any time it waits for
 * exactly one thing: its timer, its turn, or room in the socket.
 */
export function sendStream({ response, call, behaviour, stream, classes }: StreamSending): void {
  const { gapMs, fault } = behaviour;
  const hasPings = behaviour.hasPings && stream.contentType === undefined;
  const isEmpty = fault?.name === 'empty';
  const isUnterminated = fault?.name === 'nodone';
  const strike = fault && midStreamFaults[fault.name];
  const steps = isEmpty ? 0 : stream.steps;
  const strikeAt = Math.min(stream.leadSteps + behaviour.faultAfterTokens, steps);
  const perStep = stream.tokensPerStep;
  const charsAtOnce = behaviour.isEachAlone ? 1 : charsPerWrite;
  let next = 0;
  let willStrike = strike !== undefined;
  let dueAt = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  call.answer(200);
  response.writeHead(200, { 'content-type': stream.contentType ?? eventStream, 'cache-control': 'no-cache' });
  response.once('close', () => {
    clearTimeout(timer);
    clearImmediate(turn);
  });
  proceed();

  function proceed(): void {
    const now = performance.now();
    const stopAt = willStrike ? strikeAt : steps;
    let text = '';
    while (next < stopAt && dueAt <= now && text.length < charsAtOnce) {
      if (hasPings) text += ': keep-alive\n\n';
      if (next === 0) text += stream.opening;
      text += stream.step(next);
      call.charge(next < stream.leadSteps && classes.reasoning ? { reasoning: perStep } : { output: perStep });
      next += 1;
      dueAt += gapMs;
      call.addTokens(perStep);
    }
    if (next < stopAt || (willStrike && dueAt > now)) wait(write(text));
    else if (willStrike) breakAfter(text);
    else finishWith(text);
  }

  function wait(hasRoom: boolean): void {
    const delayMs = Math.ceil(dueAt - performance.now());
    if (!hasRoom) response.once('drain', proceed);
    else if (delayMs > 0) timer = setTimeout(proceed, delayMs);
    else turn = setImmediate(proceed);
  }

  function finishWith(text: string): void {
    if (isEmpty || isUnterminated) call.strike();
    const opening = next === 0 ? stream.opening : '';
    settle({ call, stream, classes }, steps);
    endWith(text + opening + stream.closing + (isUnterminated ? '' : stream.terminator));
  }

  function breakAfter(text: string): void {
    if (!fault) return;
    willStrike = false;
    call.strike();
    if (fault.name === 'errev' && next === 0) call.waive();
    write(text);
    strike?.({
      response,
      call,
      stream,
      fault,
      upcoming: (next === 0 ? stream.opening : '') + (next < steps ? stream.step(next) : stream.closing),
      sendAndContinue: (content) => wait(write(content)),
      sendAndEnd: endWith,
    });
  }

  function endWith(text: string): void {
    write(text);
    response.end();
  }

  /** Returns whether there is room for more. */
  function write(content: string | Buffer): boolean {
    if (content.length === 0) return true;
    const bytes = behaviour.hasCrlf && typeof content === 'string' ? content.replaceAll('\n', '\r\n') : content;
    return behaviour.isSplit ? writeSplit(response, bytes) : response.write(bytes);
  }
}

/** Ends the bill of a complete stream. */
function settle({ call, stream, classes }: Pick<StreamSending, 'call' | 'stream' | 'classes'>, steps: number): void {
  if (stream.isFree === true) return call.waive();
  const { tokensPerStep: perStep, billed, tellsUsage = true } = stream;
  const lead = Math.min(stream.leadSteps, steps);
  const ofSteps = { output: perStep * (steps - lead), reasoning: perStep * lead };
  call.settle(splitAnswer(billed ?? ofSteps, classes), tellsUsage);
}
