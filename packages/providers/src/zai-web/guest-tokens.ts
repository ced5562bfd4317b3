import { parseText } from '../parse-text.ts';
import type { TokenSource } from '../token-source.ts';
import { toFailure } from './failure.ts';
import { webHeaders } from './request.ts';
import type { ZaiWebOptions } from './options.ts';
import { failureInside } from './whole.ts';
import { sessionSchema } from './wire.ts';

/**
 * Assumed lifetime of a guest session, which is not documented; other clients of the page keep one for five to eight
 * minutes.
 */
const unknownLifeMs = 5 * 60_000;
const renewBeforeMs = 30_000;

/** Obtains the backend's tokens for guests. A further token is obtained like the first: there is no renewal. */
export function guestTokens(options: ZaiWebOptions): TokenSource {
  return {
    unknownLifeMs,
    renewBeforeMs,
    *obtain(_before, { baseUrl }) {
      const headers = webHeaders({ apiKey: undefined, baseUrl }, options);
      const session = yield {
        kind: 'call',
        request: { method: 'GET', url: `${baseUrl}/api/v1/auths/`, headers, body: undefined },
      };
      const first = readToken(session.text);
      if (isGood(session.head.status) && first !== undefined) return toToken(first);
      const failure = isGood(session.head.status)
        ? failureInside(session.text, noToken)
        : toFailure(session.head, session.text);
      // A firewall or a captcha concerns this gateway: the second endpoint is not tried. Other failures would repeat
      // there.
      if (failure.kind === 'unexpected' || ![200, 400, 401, 403, 404].includes(session.head.status)) {
        return { kind: 'failed', failure };
      }
      const guest = yield {
        kind: 'call',
        request: {
          method: 'POST',
          url: `${baseUrl}/api/v1/auths/guest`,
          headers: { ...headers, 'content-type': 'application/json' },
          body: '{}',
        },
      };
      const second = readToken(guest.text);
      if (isGood(guest.head.status) && second !== undefined) return toToken(second);
      if (!isGood(guest.head.status)) return { kind: 'failed', failure: toFailure(guest.head, guest.text) };
      return { kind: 'failed', failure: failureInside(guest.text, noToken) };
    },
  };
}

const noToken = 'The provider returned no token.';
const isGood = (status: number): boolean => status >= 200 && status < 300;
const readToken = (text: string): string | undefined => parseText(sessionSchema, text)?.token;
const toToken = (value: string) => ({ kind: 'token', token: { value, expiresAtMs: undefined } }) as const;
