import {
  isFilled,
  type JsonObject,
  type UpstreamEvent,
  type UpstreamFailure,
  type Usage,
  writeLossless,
} from '@sluice/protocol';
import type { CallPlan, ChatBody, StreamState, StreamTranslator } from '../adapter.ts';
import { clientWantsUsage } from '../stream-options.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import { createChunkNormaliser } from './normalise/chunk.ts';
import { type CleanFrame, frameOf, isEmpty, isPlain, withoutSpeaker } from './normalise/clean-frame.ts';
import { brokenOff } from './normalise/completion.ts';
import { findError } from './normalise/find-error.ts';
import { type ChoiceEnd } from './normalise/finish-reason.ts';
import { parseObject } from '../json-object.ts';
import { isOverLimits } from '../parse-text.ts';
import { mergeUsage } from '../answer/usage.ts';
import { usageOf } from './normalise/usage.ts';

export interface StreamOptions extends Pick<ErrorEnvelope, 'errorOf'> {
  readonly body: ChatBody;
  readonly plan: CallPlan;
  /** Set if the reasoning stands in the content, between tags. */
  readonly hasThinkTags: boolean;
}

/** Length in characters below which a chunk can't be nested dangerously. */
const shortChunk = 512;

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
  const noUsage = keepsUsageChunk ? null : undefined;
  const normaliser = createChunkNormaliser({ body, plan, hasThinkTags, noUsage });
  const choiceCount = typeof body['n'] === 'number' ? body['n'] : 1;
  let hasChunks = false;
  const finished = new Set<number>();
  let usage: Usage | undefined;
  /** The provider's own chunk with this usage, if it is valid. */
  let usageText: string | undefined;
  let finishReason: string | undefined;
  let responseModel: string | undefined;
  let hasForeignEvents = false;
  let isAccented = false;
  let frame: CleanFrame | undefined;

  const isFinished = (): boolean => finished.size >= choiceCount && !normaliser.hasOpenChoices();

  function fail(failure: UpstreamFailure): string {
    if (translator.state.kind === 'open') translator.state = { kind: 'failed', failure };
    return '';
  }

  function onEnd(index: number, end: ChoiceEnd): void {
    if (end.kind === 'failed') fail(brokenOff(end.word));
    if (end.kind !== 'finished') return;
    finishReason ??= end.reason;
    finished.add(index);
    // A chunk that looks like the middle of an answer may belong to a choice that has ended.
    frame = undefined;
  }

  /** Completes the answer: adds a missing finish reason, and sends the usage last and once. */
  function done(): string {
    if (!hasChunks) return fail({ kind: 'malformed', message: "The provider's answer is empty." });
    const ending = normaliser.endOpenChoices(onEnd);
    const text = ending === undefined ? '' : toSse(writeLossless(ending));
    translator.state = { kind: 'complete', summary: { usage, finishReason, responseModel } };
    if (usage === undefined || !keepsUsageChunk) return text;
    return text + toSse(usageText ?? writeLossless(normaliser.withUsage(usage)));
  }

  function inspect(data: string, event: string | undefined): string {
    const chunk = parseObject(data);
    if (chunk === undefined) return fail(unreadable(data, event));
    const failure = findError(chunk, event);
    if (failure !== undefined) return fail(failure);
    count(chunk, data);
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
    const failure = chunk === undefined ? undefined : findError(chunk, event);
    if (failure !== undefined) return fail(failure);
    const counted = chunk === undefined ? undefined : count(chunk, data);
    const hasChoices = Array.isArray(chunk?.['choices']) && chunk['choices'].length > 0;
    // Only [DONE] follows the usage; there is no need to wait for it. Counts of zero may be followed by real ones.
    return counted !== undefined && !hasChoices && counted.total_tokens > 0 ? done() : '';
  }

  function count(chunk: JsonObject, data: string): Usage | undefined {
    const counted = usageOf(chunk);
    if (counted === undefined) return undefined;
    usage = mergeUsage(usage, counted);
    const { choices } = chunk;
    const isOwn = Array.isArray(choices) && choices.length === 0 && hasChunks;
    usageText = isOwn && normaliser.withUsage(usage, chunk) === chunk ? data : undefined;
    return counted;
  }

  function takeChoices(chunk: JsonObject, data: string): string {
    const amended = normaliser.amend(chunk, onEnd);
    if (translator.state.kind !== 'open') return '';
    translator.isFinished = isFinished();
    const isClean = amended === chunk;
    isAccented ||= (!hasChunks && !isClean) || normaliser.needsAll();
    hasChunks = true;
    if (isClean && !isAccented && finished.size === 0) frame = frameOf(data);
    if (amended === undefined) return '';
    return toSse(isClean ? data : writeLossless(amended));
  }

  function passPlain(data: string, clean: CleanFrame): string {
    if (isEmpty(data, clean)) return '';
    if (data.length > shortChunk && isOverLimits(data)) return fail(unreadable(data, undefined));
    return toSse(data);
  }

  // Plain members: an accessor costs 0.4 µs per object and a hidden class of its own.
  const translator = {
    state: { kind: 'open' } as StreamState,
    isFinished: false,
    push({ data, event }: UpstreamEvent): string {
      if (translator.state.kind !== 'open') return '';
      if (frame !== undefined && !isAccented && event !== 'error') {
        const plain = withoutSpeaker(data, frame);
        if (isPlain(plain, frame)) return passPlain(plain, frame);
      }
      const text = data.trim();
      if (text === '') return '';
      const stated = errorOf === undefined || text.includes(choicesMember) ? undefined : errorOf(text);
      if (stated !== undefined) return fail(stated);
      if (text === '[DONE]') return done();
      return isFinished() ? takeAfterEnd(data, event) : inspect(data, event);
    },
    end(): string {
      if (translator.state.kind !== 'open') return '';
      if (!hasChunks && hasForeignEvents) return fail(foreign);
      // Some servers omit [DONE]; a finish reason for each choice is equivalent.
      return isFinished() ? done() : fail(truncated);
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

/** Writes one chunk as an event; JSON may have several lines, and each needs its own `data:`. */
function toSse(data: string): string {
  return data.includes('\n') ? `data: ${data.replaceAll('\n', '\ndata: ')}\n\n` : `data: ${data}\n\n`;
}
