import { z } from 'zod';
import { parseText } from '../parse-text.ts';

const idNames = ['id', 'user_id', 'uid', 'sub'] as const;
const payloadSchema = z.looseObject({});

/**
 * Returns the user id in an access token, for the signature and the query: the first of these names in its payload, or
 * `guest`. The token is not verified; the provider does that.
 */
export function userIdOf(token: string | undefined): string {
  const payload = parseText(payloadSchema, decodeBase64Url(token?.split('.')[1] ?? ''));
  for (const name of idNames) {
    const id = payload?.[name];
    if (typeof id === 'number' || (typeof id === 'string' && id !== '')) return String(id);
  }
  return 'guest';
}

/** Decodes base64 in the URL-safe or the standard alphabet, with or without padding. */
const decodeBase64Url = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');
