import type { ChatBody, UpstreamFailure } from '@sluice/protocol';
import type { CallPlan, WholeTranslation } from '../adapter.ts';
import { writeCompletion } from '../answer/completion.ts';
import { namesOf } from '../answer/names.ts';
import { parsePlainText } from '../plain-text.ts';
import { toInnerFailure } from './failure.ts';
import { createReplyText } from './reply-text.ts';
import { hasText } from './web-text.ts';
import { errorIn, usageIn, webErrorBodySchema, webEventSchema } from './wire.ts';

/**
 * Translates a whole answer. The backend streams; a whole answer is an error, a proxy's page, or a single event with
 * the whole message: reasoning, text and blocks of the backend's tools, which are separated as in a stream.
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
    return { kind: 'failed', failure: failureInside(text, "The provider's answer is not a stream of events.") };
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

/** Returns the failure in an answer with status 200; `message` is used for an answer without one. */
export function failureInside(text: string, message: string): UpstreamFailure {
  const event = parsePlainText(webEventSchema, text);
  const error = (event === undefined ? undefined : errorIn(event)) ?? parsePlainText(webErrorBodySchema, text)?.detail;
  return error == null ? { kind: 'malformed', message } : toInnerFailure(error);
}
