import { firstObjectIn, isFilled, type JsonObject, writeLossless } from '@sluice/protocol';
import type { AnswerSummary, WholeTranslation } from '../adapter.ts';
import type { ErrorEnvelope } from './error-envelope.ts';
import { amendCompletion, type AmendedCompletion, type CompletionOptions } from './normalise/completion.ts';
import { findError } from './normalise/find-error.ts';
import { parseObject, parsePlainly } from '../json-object.ts';

type WholeOptions = CompletionOptions & Pick<ErrorEnvelope, 'errorOf'>;

/**
 * Checks a whole answer and passes its text on unchanged if it is valid. Text after the answer, such as a stream's end
 * mark, is removed.
 */
export function translateWhole(text: string, { errorOf, ...options }: WholeOptions): WholeTranslation {
  const failure = errorOf?.(text);
  if (failure !== undefined) return { kind: 'failed', failure };
  return passClean(text, options) ?? amendWhole(text, options);
}

/** Handles the answers of most servers: no part of them is written again, so unusual digits need no care. */
function passClean(text: string, options: CompletionOptions): WholeTranslation | undefined {
  const answer = parsePlainly(text);
  if (answer === undefined || findError(answer) !== undefined) return undefined;
  const amended = amendCompletion(answer, options);
  if (amended.kind === 'failed' || amended.completion !== answer) return undefined;
  return { kind: 'complete', text, summary: summaryOf(answer, amended) };
}

function amendWhole(text: string, options: CompletionOptions): WholeTranslation {
  const whole = parseObject(text);
  const isWhole = whole !== undefined;
  const answer = whole ?? parseObject(firstObjectIn(text) ?? '');
  if (answer === undefined) {
    return { kind: 'failed', failure: { kind: 'malformed', message: "The provider's answer is not JSON." } };
  }
  const failure = findError(answer);
  if (failure !== undefined) return { kind: 'failed', failure };
  const amended = amendCompletion(answer, options);
  if (amended.kind === 'failed') return amended;
  const { completion } = amended;
  return {
    kind: 'complete',
    text: completion === answer && isWhole ? text : writeLossless(completion),
    summary: summaryOf(answer, amended),
  };
}

type Complete = Extract<AmendedCompletion, { kind: 'complete' }>;

const summaryOf = ({ model }: JsonObject, { usage, finishReason }: Complete): AnswerSummary => ({
  usage,
  finishReason,
  responseModel: isFilled(model) ? model : undefined,
});
