import type { UpstreamEvent } from '@sluice/protocol';
import type { CallPlan, ChatBody, StreamTranslator } from '../adapter.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parsePlainText } from '../plain-text.ts';
import { finishReasonOf, identityOf, sessionOf, thoughtsOf, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { answerSchema, type NativeAnswer, type NativeOutput } from './wire.ts';

/**
 * Frames of an application. Each names its status in a comment line, whatever the status of the answer; the last one says
 * why it ends, and nothing marks the end besides.
 */
export function translateStream(body: ChatBody, plan: CallPlan, isIncremental: boolean): StreamTranslator {
  const grownText = createGrowth(isIncremental);
  const grownThoughts = createGrowth(isIncremental);
  let isCounted = false;

  function onOutput(frame: NativeAnswer, output: NativeOutput, answer: AnswerDraft): void {
    answer.identify(identityOf(frame));
    const reason = finishReasonOf(output);
    const thoughts = grownThoughts(thoughtsOf(output));
    const content = grownText(output.text ?? '');
    const delta = {
      ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
      ...(content === '' ? {} : { content }),
      ...(reason === undefined ? {} : sessionOf(output)),
    };
    // A model whose thoughts are not asked for sends empty frames while it thinks, for minutes and nothing else.
    if (Object.keys(delta).length === 0) answer.heartbeat();
    else answer.delta(delta);
    if (reason === undefined) return;
    answer.finish(reason);
  }

  return createStreamTranslator(body, plan, {
    onEvent(event, answer) {
      // The provider has no such end; servers that imitate it do.
      if (event.data.trim() === '[DONE]') return answer.complete();
      const frame = parsePlainText(answerSchema, event.data);
      const status = errorStatusOf(event);
      if (event.event === 'error' || status !== undefined || (frame?.code && !frame.output)) {
        return answer.fail(toInnerFailure(frame ?? {}, status));
      }
      if (frame === undefined) {
        return answer.fail({ kind: 'malformed', message: 'The provider sent an event that is not JSON.' });
      }
      const usage = usageOf(frame);
      isCounted ||= usage !== undefined;
      if (usage !== undefined) answer.usage(usage);
      if (frame.output) onOutput(frame, frame.output, answer);
      // Counts may come behind the end.
      if (answer.isFinished() && isCounted) answer.complete();
    },
  });
}

/** The status that a frame has for itself, where that is an error. */
function errorStatusOf({ comment = '' }: UpstreamEvent): number | undefined {
  const status = Number(/^HTTP_STATUS\/(\d{3})$/.exec(comment)?.[1]);
  return status >= 400 ? status : undefined;
}

/**
 * The text that each frame adds. Without incremental output a frame repeats all before it; where it changes that, the
 * client can't be told, and goes on at the same place.
 */
function createGrowth(isIncremental: boolean): (text: string) => string {
  if (isIncremental) return (text) => text;
  let before = '';
  return (text) => {
    if (before.startsWith(text)) return '';
    const added = text.slice(before.length);
    before = text;
    return added;
  };
}
