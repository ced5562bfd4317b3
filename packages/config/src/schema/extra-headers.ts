import { inWords, mappingOf, must, textLike } from '@sluice/setting-types';
import { z } from 'zod';
import { fieldOf, type Finding } from './across.ts';

const nameInWords = 'the name of a header, of up to 64 characters';
const name = z.string(must(nameInWords)).regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, must(nameInWords));

/** A value that is sent unchanged: it has no line breaks and no spaces at its ends. */
const value = textLike(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'text of one line, without spaces at its ends');

const mappingInWords = 'a mapping of header names to texts';

/** The headers that go with every call to the origin of an upstream's `base_url`. */
export const extraHeaders = inWords(mappingOf(name, value, mappingInWords), mappingInWords);

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

/** Headers of RFC 9110 §7.6.1 and of HTTP proxies. They apply to the next hop only; a proxy may drop or obey them. */
const hopByHop = words(
  'connection keep-alive proxy-authenticate proxy-authorization proxy-authentication-info proxy-connection te trailer transfer-encoding upgrade',
);
/** Headers that describe the body and the content that Sluice accepts, or that carry its trace. */
const ours = words(
  'host content-length content-type content-encoding accept accept-encoding expect traceparent tracestate',
);
/** Headers in which providers expect the key. */
const keys = words('authorization x-api-key api-key x-goog-api-key cookie');

/** Finds headers that an operator must not set: of the connection, of Sluice, and beside credentials those of the key. */
export function* findHeaderFaults(upstream: unknown): Iterable<Finding> {
  const headers = fieldOf(upstream, 'headers');
  if (typeof headers !== 'object' || headers === null) return;
  const seen = new Set<string>();
  for (const given of Object.keys(headers)) {
    const lower = given.toLowerCase();
    const fault = seen.has(lower) ? 'occurs twice; names must differ in more than case' : faultOf(lower, upstream);
    seen.add(lower);
    if (fault !== undefined) yield { path: ['headers', given], message: fault };
  }
}

function faultOf(lower: string, upstream: unknown): string | undefined {
  if (lower === 'proxy-authorization') {
    return 'must not be set here; set user and password of a proxy in the URL of `proxy`';
  }
  if (hopByHop.has(lower)) return 'must not be set: it belongs to the connection, not to the request';
  if (ours.has(lower)) return 'must not be set: Sluice sets it itself';
  if (keys.has(lower) && fieldOf(upstream, 'credentials') !== undefined) {
    return 'must not be set beside credentials: it carries the key; remove one of the two';
  }
  return undefined;
}
