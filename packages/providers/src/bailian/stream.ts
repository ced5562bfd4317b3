import type { ChatBody, UpstreamEvent } from '@sluice/protocol';
import type { CallPlan, StreamTranslator } from '../adapter.ts';
import { type AnswerDraft, createStreamTranslator } from '../answer/stream-translator.ts';
import { parsePlainText } from '../plain-text.ts';
import { finishReasonOf, identityOf, sessionOf, reasoningOf, usageOf } from './answer.ts';
import { toInnerFailure } from './failure.ts';
import { answerSchema, type NativeAnswer, type NativeOutput } from './wire.ts';

/**
 * Translates the frames of an application. Each frame gives its status in a comment line, whatever the status of the
 * answer. The last frame has the finish reason; there is no other end mark.
 */
export function translateStream(body: ChatBody, plan: CallPlan, isIncremental: boolean): StreamTranslator {
  const grownText = createGrowth(isIncremental);
  const grownReasoning = createGrowth(isIncremental);
  let isCounted = false;

  function onOutput(frame: NativeAnswer, output: NativeOutput, answer: AnswerDraft): void {
    answer.identify(identityOf(frame));
    const reason = finishReasonOf(output);
    const thoughts = grownReasoning(reasoningOf(output));
    const content = grownText(output.text ?? '');
    const delta = {
      ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
      ...(content === '' ? {} : { content }),
      ...(reason === undefined ? {} : sessionOf(output)),
    };
    // A model whose reasoning is not requested sends only empty frames while it reasons, for minutes.
    if (Object.keys(delta).length === 0) answer.heartbeat();
    else answer.delta(delta);
    if (reason === undefined) return;
    answer.finish(reason);
  }

  return createStreamTranslator(body, plan, {
    countsReasoningAsOutput: true,
    onEvent(event, answer) {
      // The provider has no such end mark; servers that imitate it do.
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
      // Counts may follow the end.
      if (answer.isFinished() && isCounted) answer.complete();
    },
  });
}

/** Returns the status of a frame, if it is an error. */
function errorStatusOf({ comment = '' }: UpstreamEvent): number | undefined {
  const status = Number(/^HTTP_STATUS\/(\d{3})$/.exec(comment)?.[1]);
  return status >= 400 ? status : undefined;
}

/**
 * Creates a function that returns the text that each frame adds. Without incremental output a frame repeats all earlier
 * text; if it changes that text, the client can't be corrected, and the answer continues at the same position.
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
