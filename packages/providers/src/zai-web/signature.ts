import { createHmac } from 'node:crypto';
import type { SigningVariant } from './options.ts';

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
