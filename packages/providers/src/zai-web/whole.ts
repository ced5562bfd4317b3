import type { UpstreamFailure } from '@sluice/protocol';
import type { WholeTranslation } from '../adapter.ts';
import { parseText } from '../parse-text.ts';
import { toInnerFailure } from './failure.ts';
import { errorIn, webErrorBodySchema, webEventSchema } from './wire.ts';

/** The backend answers in streams alone: what comes in one piece is an error, or a page of some proxy. */
export const translateWhole = (text: string): WholeTranslation => ({
  kind: 'failed',
  failure: failureInside(text, "The provider's answer is no stream of events."),
});

/** What an answer of status 200 says that went wrong; the message is for one that says nothing. */
export function failureInside(text: string, message: string): UpstreamFailure {
  const event = parseText(webEventSchema, text);
  const error = (event === undefined ? undefined : errorIn(event)) ?? parseText(webErrorBodySchema, text)?.detail;
  return error == null ? { kind: 'malformed', message } : toInnerFailure(error);
}
