import {
  type ChatBody,
  isFilled,
  itemsOf,
  type JsonObject,
  type UpstreamEvent,
  type UpstreamFailure,
  writeLossless,
} from '@sluice/protocol';
import type { CallPlan, PassedEvents, StreamTranslator } from '../adapter.ts';
import { openStream } from '../answer/stream-translator.ts';
import { parseObject } from '../json-object.ts';
import { clientWantsUsage } from '../stream-options.ts';
import { createChoiceEnds } from './choice-ends.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import { createChunkNormaliser } from './normalise/chunk.ts';
import { findError } from './normalise/find-error.ts';
import type { ChoiceEnd } from './normalise/finish-reason.ts';
import { createShortcut, nothing } from './shortcut.ts';
import { createUsageReport } from './usage-report.ts';
import { writeEvent } from './write-event.ts';

export interface StreamOptions extends Pick<ErrorEnvelope, 'errorOf'> {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Set if the reasoning stands in the content, between tags. */
  readonly hasThinkTags: boolean;
}

/** Occurs in every chunk of an answer; inside the answer's text every quote is escaped. */
const choicesMember = '"choices"';

/** Maximum length of a plain-text error that is passed on, in characters. */
const messageLength = 1000;

/**
 * Passes an OpenAI stream on and corrects deviations of the server. A chunk in the middle of a clean answer is neither
 * parsed nor changed; only the first chunk and chunks that finish, count or fail are parsed. A stream whose first chunk
 * deviates is normalised chunk by chunk.
 */
export function translateStream({ body, plan, hasThinkTags, errorOf }: StreamOptions): StreamTranslator {
  const keepsUsageChunk = clientWantsUsage(body);
  const normaliser = createChunkNormaliser({ body, plan, hasThinkTags, noUsage: keepsUsageChunk ? null : undefined });
  const report = createUsageReport(normaliser);
  const ends = createChoiceEnds();
  const shortcut = createShortcut();
  let responseModel: string | undefined;
  let hasChunks = false;
  let hasForeignEvents = false;
  let isAccented = false;

  const isFinished = (): boolean => ends.count >= (body.n ?? 1) && !normaliser.hasOpenChoices();

  function fail(failure: UpstreamFailure): string {
    if (translator.state.kind === 'open') translator.state = { kind: 'failed', failure };
    return '';
  }

  function onEnd(index: number, end: ChoiceEnd): void {
    const failure = ends.add(index, end);
    if (failure !== undefined) fail(failure);
    // A chunk that looks like the middle of an answer may belong to a choice that has ended.
    shortcut.close();
  }

  /** Completes the answer: adds a missing finish reason, and sends the usage last and once. */
  function done(): string {
    if (!hasChunks) return fail({ kind: 'malformed', message: "The provider's answer is empty." });
    const ending = normaliser.endOpenChoices(onEnd);
    translator.state = { kind: 'complete', summary: { usage: report.usage, finishReason: ends.reason, responseModel } };
    return (ending === undefined ? '' : writeEvent(writeLossless(ending))) + (keepsUsageChunk ? report.toSse() : '');
  }

  function inspect(data: string, event: string | undefined): string {
    const chunk = parseObject(data);
    if (chunk === undefined) return fail(unreadable(data, event));
    const failure = findError(chunk, event);
    if (failure !== undefined) return fail(failure);
    report.add(chunk, data, hasChunks);
    // Azure sends an empty name for none.
    if (isFilled(chunk['model'])) responseModel ??= chunk['model'];
    const { choices } = chunk;
    if (Array.isArray(choices) && choices.length > 0) return takeChoices(chunk, data);
    // Neither answer nor usage: the content filter's findings in the prompt. SDK users index the first choice without a
    // check.
    hasForeignEvents ||= !Array.isArray(choices);
    return '';
  }

  /** Handles events after the answer's end: its usage, and an error, which revokes the end. */
  function takeAfterEnd(data: string, event: string | undefined): string {
    const chunk = parseObject(data);
    if (chunk === undefined) return '';
    const failure = findError(chunk, event);
    if (failure !== undefined) return fail(failure);
    const counted = report.add(chunk, data, hasChunks);
    // Only [DONE] follows the usage; there is no need to wait for it. Counts of zero may be followed by real ones.
    return counted !== undefined && itemsOf(chunk['choices']).length === 0 && counted.total_tokens > 0 ? done() : '';
  }

  function takeChoices(chunk: JsonObject, data: string): string {
    const amended = normaliser.amend(chunk, onEnd);
    if (translator.state.kind !== 'open') return '';
    translator.isFinished = isFinished();
    const isClean = amended === chunk;
    isAccented ||= (!hasChunks && !isClean) || normaliser.needsAll();
    hasChunks = true;
    if (isAccented) shortcut.close();
    else if (isClean && ends.count === 0) shortcut.open(data);
    return amended === undefined ? '' : writeEvent(isClean ? data : writeLossless(amended));
  }

  // Plain members: an accessor costs 0.4 µs per object and a hidden class of its own.
  const translator = {
    state: openStream,
    isFinished: false,
    pass: (text: string): PassedEvents => (translator.state.kind === 'open' ? shortcut.startOf(text) : nothing),
    push({ data, event }: UpstreamEvent): string {
      if (translator.state.kind !== 'open') return '';
      const plain = event === 'error' ? undefined : shortcut.pass(data);
      if (plain !== undefined) return plain === '' ? '' : writeEvent(plain);
      const text = data.trim();
      if (text === '') return '';
      const stated = errorOf === undefined || text.includes(choicesMember) ? undefined : errorOf(text);
      if (stated !== undefined) return fail(stated);
      if (text === '[DONE]') return done();
      return isFinished() ? takeAfterEnd(data, event) : inspect(data, event);
    },
    counted: report.counted,
    end(): string {
      if (translator.state.kind !== 'open') return '';
      // Some servers omit [DONE]; a finish reason for each choice is equivalent.
      return isFinished() ? done() : fail(!hasChunks && hasForeignEvents ? foreign : truncated);
    },
  };
  return translator;
}

const truncated: UpstreamFailure = { kind: 'truncated', message: "The provider's answer broke off before its end." };
const foreign: UpstreamFailure = {
  kind: 'malformed',
  message: "The provider's stream does not speak OpenAI's protocol.",
};

function unreadable(data: string, event: string | undefined): UpstreamFailure {
  return event === 'error'
    ? { kind: 'server', message: data.slice(0, messageLength) }
    : { kind: 'malformed', message: 'The provider sent an event that is not JSON.' };
}
