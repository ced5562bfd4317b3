import { z } from 'zod';
import { parseText } from '../parse-text.ts';

const idNames = ['id', 'user_id', 'uid', 'sub'] as const;
const payloadSchema = z.looseObject({});

/**
 * The user a token speaks for, as the signature and the query want it: the first of these names in its payload,
 * else `guest`. The token is not verified; that is the provider's business.
 */
export function userIdOf(token: string | undefined): string {
  const payload = parseText(payloadSchema, decodeBase64Url(token?.split('.')[1] ?? ''));
  for (const name of idNames) {
    const id = payload?.[name];
    if (typeof id === 'number' || (typeof id === 'string' && id !== '')) return String(id);
  }
  return 'guest';
}

/** Takes the URL's alphabet and the plain one, padded or not. */
const decodeBase64Url = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');
