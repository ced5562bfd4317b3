import type { UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, ChatBody, WholeTranslation } from '../adapter.ts';
import { writeCompletion } from '../answer/completion.ts';
import { namesOf } from '../answer/names.ts';
import { parsePlainText } from '../plain-text.ts';
import { toInnerFailure } from './failure.ts';
import { createReplyText, hasText } from './reply-text.ts';
import { errorIn, usageIn, webErrorBodySchema, webEventSchema } from './wire.ts';

/**
 * The backend answers in streams. What comes in one piece is an error or a page of some proxy, or else a single event
 * that holds the whole message: thoughts, text and blocks of the backend's tools, which are told apart as in a stream.
 */
export function translateWhole(text: string, _body: ChatBody, plan: CallPlan): WholeTranslation {
  const event = parsePlainText(webEventSchema, text);
  const update = event?.data;
  if (
    event === undefined ||
    errorIn(event) !== undefined ||
    update == null ||
    update === '[DONE]' ||
    !hasText(update)
  ) {
    return { kind: 'failed', failure: failureInside(text, "The provider's answer is no stream of events.") };
  }
  const reply = createReplyText({ keepsMarkup: plan.keepsThinkingMarkup });
  const said = reply.apply(update);
  const rest = reply.end();
  const reasoning = said.reasoning + rest.reasoning;
  return writeCompletion({
    ...namesOf(plan),
    message: { content: said.content + rest.content, ...(reasoning === '' ? {} : { reasoning_content: reasoning }) },
    finishReason: 'stop',
    usage: usageIn(event),
  });
}

/** The failure that an answer of status 200 reports; `message` is for an answer that reports none. */
export function failureInside(text: string, message: string): UpstreamFailure {
  const event = parsePlainText(webEventSchema, text);
  const error = (event === undefined ? undefined : errorIn(event)) ?? parsePlainText(webErrorBodySchema, text)?.detail;
  return error == null ? { kind: 'malformed', message } : toInnerFailure(error);
}
