import { firstObjectIn, type Usage, writeLossless } from '@sluice/protocol';
import type { WholeTranslation } from '../adapter.ts';
import { amendCompletion, type CompletionOptions } from './normalise/completion.ts';
import { findError } from './normalise/find-error.ts';
import { isFilled, parseObject } from '../json-object.ts';

/**
 * Checks a whole answer, and passes its text on unchanged where nothing is wrong with it. What stands behind the answer,
 * such as the end mark of a stream, is left out.
 */
export function translateWhole(text: string, options: CompletionOptions): WholeTranslation {
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
  const { completion, finishReason } = amended;
  const { model } = answer;
  return {
    kind: 'complete',
    text: completion === answer && isWhole ? text : writeLossless(completion),
    summary: {
      usage: completion['usage'] as Usage | undefined,
      finishReason,
      responseModel: isFilled(model) ? model : undefined,
    },
  };
}
