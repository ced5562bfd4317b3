import type { WholeTranslation } from '../adapter.ts';
import { parseText } from '../parse-text.ts';
import { toInnerFailure } from './failure.ts';
import { errorIn, webErrorBodySchema, webEventSchema } from './wire.ts';

/** The backend answers in streams alone: what comes in one piece is an error, or a page of some proxy. */
export function translateWhole(text: string): WholeTranslation {
  const event = parseText(webEventSchema, text);
  const error = (event === undefined ? undefined : errorIn(event)) ?? parseText(webErrorBodySchema, text)?.detail;
  return {
    kind: 'failed',
    failure:
      error == null
        ? { kind: 'malformed', message: "The provider's answer is no stream of events." }
        : toInnerFailure(error),
  };
}
