import { createHmac } from 'node:crypto';
<<<<<<< HEAD

/** Ways to sign a request. They differ in how the prompt enters the signed text. */
export const signingVariants = ['none', 'v1', 'v2a', 'v2'] as const;
export type SigningVariant = (typeof signingVariants)[number];
=======
import type { SigningVariant } from './options.ts';
>>>>>>> 75e9e27c26e3be56692a008f8d3e62b8306c5491

export interface Signing {
  readonly variant: Exclude<SigningVariant, 'none'>;
  readonly key: string;
}

/** Data that a signature covers. */
export interface Signed {
  readonly requestId: string;
  readonly userId: string;
  /** Time in ms since 1970. */
  readonly timestampMs: number;
  /** Text of the last user message. */
  readonly prompt: string;
}

/** Period for which a derived key is valid, in ms. */
const windowMs = 5 * 60_000;

/** Returns the value of `X-Signature`: 64 hexadecimal digits. */
export function sign({ variant, key }: Signing, { requestId, userId, timestampMs, prompt }: Signed): string {
  const names = `requestId,${requestId},timestamp,${timestampMs},user_id,${userId}`;
  const text = variant === 'v1' ? prompt : Buffer.from(prompt, 'utf8').toString('base64');
  // The key of a period is used as hexadecimal digits, not as bytes.
  const windowKey = hmac(key, String(Math.floor(timestampMs / windowMs)));
  return hmac(windowKey, `${names}|${text}|${timestampMs}`);
}

const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');
