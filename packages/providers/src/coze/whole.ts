import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { writeCompletion } from '../answer/completion.ts';
import { parsePlainText } from '../plain-text.ts';
import { isError, toInnerFailure } from './failure.ts';
import { readNotes } from './poll.ts';
import { toOpenAiUsage } from './usage.ts';
import { errorSchema, messagesEnvelopeSchema, usageSchema } from './wire.ts';

/** Translates the messages of a completed chat, or a response that replaces a stream, which is usually an error. */
export function translateWhole(text: string, _body: ChatBody, plan: CallPlan): WholeTranslation {
  const error = parsePlainText(errorSchema, text);
  if (error === undefined) return failed({ kind: 'malformed', message: "The provider's answer is not JSON." });
  if (isError(error)) return failed(toInnerFailure(error));
  const messages = plan.notes === undefined ? undefined : parsePlainText(messagesEnvelopeSchema, text)?.data;
  if (messages === undefined) {
    return failed({ kind: 'malformed', message: "The provider's answer contains no messages." });
  }
  const answers = messages.filter(({ type }) => type === 'answer');
  const reasoning = joined(answers.map((message) => message.reasoning_content));
  const { chatId, usage } = readNotes(plan);
  const counts = parsePlainText(usageSchema, usage);
  return writeCompletion({
    id: `chatcmpl-${chatId}`,
    created: Math.floor(plan.startedAtMs / 1000),
    model: plan.model,
    message: {
      content: joined(answers.map(({ content }) => content)),
      ...(reasoning === '' ? {} : { reasoning_content: reasoning }),
    },
    finishReason: 'stop',
    usage: counts === undefined ? undefined : toOpenAiUsage(counts),
  });
}

const failed = (failure: UpstreamFailure): WholeTranslation => ({ kind: 'failed', failure });

const joined = (texts: readonly (string | null | undefined)[]): string => texts.filter(Boolean).join('\n\n');
