import type { ServerResponse } from 'node:http';
import type { Answered } from '@sluice/protocol';
import type { Shape } from './operation.ts';

/** Sets the headers that report how the request was changed for its model. */
export function setShapeHeaders(
  response: ServerResponse,
  { stream, droppedMessages, maxContinuations }: Omit<Shape, 'body'> & { readonly stream: boolean },
): void {
  if (droppedMessages > 0) response.setHeader('x-sluice-compressed-messages', droppedMessages);
  // The actual number of extensions is unknown when a stream begins.
  if (stream && maxContinuations > 0) response.setHeader('x-sluice-auto-continue', maxContinuations);
}

export interface AnswerFacts extends Pick<Shape, 'maxContinuations'> {
  readonly stream: boolean;
  /** Time since the request arrived. */
  readonly elapsedMs: number;
  /** The worker's report on the latest attempt; undefined before the first one. */
  readonly answered: Answered | undefined;
}

/** Sets the headers that report the source of an answer. They are sent with the status line. */
export function setAnswerHeaders(
  response: ServerResponse,
  { stream, elapsedMs, answered, maxContinuations }: AnswerFacts,
): void {
  response.setHeader('openai-processing-ms', Math.round(elapsedMs));
  if (answered === undefined) return;
  response.setHeader('x-sluice-upstream', answered.upstream);
  response.setHeader('x-sluice-attempts', answered.attempts);
  if (!stream && maxContinuations > 0) response.setHeader('x-sluice-continuations', answered.continuations ?? 0);
}
