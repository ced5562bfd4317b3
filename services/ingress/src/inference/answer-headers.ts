import type { ServerResponse } from 'node:http';
import type { Answered, End } from '@sluice/protocol';
import type { Shape } from './operation.ts';
import { toDollars } from './reply/cost-event.ts';

/** Sets the headers that report how the request was changed for its model. */
export function setShapeHeaders(
  response: ServerResponse,
  { stream, droppedMessages, maxContinuations }: Omit<Shape, 'body'> & { readonly stream: boolean },
): void {
  if (droppedMessages > 0) response.setHeader('x-sluice-compressed-messages', droppedMessages);
  // The actual number of extensions is unknown when a stream begins.
  if (stream && maxContinuations > 0) response.setHeader('x-sluice-auto-continue', maxContinuations);
}

export interface AnswerFacts extends Pick<Shape, 'maxContinuations' | 'droppedFields'> {
  readonly stream: boolean;
  /** The request in the client's own protocol, if a target may get it. */
  readonly native?: object | undefined;
  /** Returns the surface's name for a field of a chat request; absent if the names are the same. */
  readonly fieldName?: ((chatField: string) => string) | undefined;
  /** Time since the request arrived. */
  readonly elapsedMs: number;
  /** The worker's report on the latest attempt; undefined before the first one. */
  readonly answered: Answered | undefined;
  /** The end of the answer; undefined before it. */
  readonly end: Pick<End, 'costMicros'> | undefined;
}

/** Sets the headers that report the source of an answer. They are sent with the status line. */
export function setAnswerHeaders(
  response: ServerResponse,
  { stream, elapsedMs, answered, end, maxContinuations, droppedFields = [], fieldName = same, native }: AnswerFacts,
): void {
  response.setHeader('openai-processing-ms', Math.round(elapsedMs));
  // The cost of a stream is unknown when its headers are sent.
  if (!stream && end !== undefined) response.setHeader('x-sluice-cost-usd', toDollars(end.costMicros ?? 0));
  // An upstream that speaks the client's own protocol gets all fields; before an attempt it is unknown which one answers.
  const isTranslated = native === undefined || (answered !== undefined && answered.native !== true);
  const dropped = new Set([...droppedFields, ...(answered?.dropped ?? []).map(fieldName)]);
  if (dropped.size > 0 && isTranslated) response.setHeader('x-sluice-dropped', listOf(dropped));
  if (answered === undefined) return;
  response.setHeader('x-sluice-upstream', answered.upstream);
  response.setHeader('x-sluice-attempts', answered.attempts);
  if (!stream && maxContinuations > 0) response.setHeader('x-sluice-continuations', answered.continuations ?? 0);
}

const same = (name: string): string => name;

/** Clients choose the names of fields, and a header takes no others. */
const isToken = (name: string): boolean => /^[\w.-]{1,100}$/.test(name);

/** Clients refuse answers whose headers have more than 8 to 16 KiB. */
const mostNames = 40;

function listOf(dropped: ReadonlySet<string>): string {
  const names = [...dropped].filter(isToken);
  return [...names.slice(0, mostNames), ...(names.length > mostNames ? ['...'] : [])].join(', ');
}
