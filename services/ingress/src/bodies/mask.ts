import { redactSecrets } from '@sluice/telemetry';
import { type Shortened, wholeCharacters } from './shorten.ts';

/** Bytes beyond the kept ones that are masked too: a secret that the end cuts in two would not be found. */
export const maskedBeyond = 4096;

export interface MaskOptions {
  /** Most bytes that are kept. */
  readonly maxBytes: number;
  /** Secrets in any form: the key of the client. */
  readonly secrets: readonly string[];
}

export interface Masked {
  readonly text: string;
  readonly isTruncated: boolean;
}

/** Masks the secrets of a text, and cuts it to its size. */
export function mask({ bytes, isCut }: Shortened, { maxBytes, secrets }: MaskOptions): Masked {
  const masked = redactSecrets(bytes.toString('utf8'), secrets);
  const whole = Buffer.from(isCut ? withoutLastWord(masked) : masked);
  const kept = wholeCharacters(whole, maxBytes);
  return { text: whole.toString('utf8', 0, kept), isTruncated: isCut || kept < whole.length };
}

/** A space, a quote or a backslash ends a word. */
const endsWord = (code: number): boolean => code <= 0x20 || code === 0x22 || code === 0x5c;

/** Returns a text that was cut without its last word: it may be half a secret, which has no known form. */
export function withoutLastWord(text: string): string {
  const least = Math.max(0, text.length - maskedBeyond);
  let end = text.length;
  while (end > least && !endsWord(text.charCodeAt(end - 1))) end--;
  return text.slice(0, end);
}
