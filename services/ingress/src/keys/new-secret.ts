import { createHash, randomBytes, randomInt } from 'node:crypto';
import type { KeptSecret } from '@sluice/store';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const secretLength = 40;

export interface NewSecret {
  /** The secret itself, for the one answer that has it. */
  readonly text: string;
  readonly kept: KeptSecret;
}

/** Makes the secret of a client key: 238 random bits. */
export function newSecret(): NewSecret {
  const text = `sk-${Array.from({ length: secretLength }, () => digits[randomInt(digits.length)]).join('')}`;
  return { text, kept: { digest: createHash('sha256').update(text).digest('hex'), hint: hintOf(text) } };
}

/** Makes the id of a client key. It can't be that of a key of the file, which is 16 hex digits. */
export const newKeyId = (): string => `key_${randomBytes(8).toString('hex')}`;

const hintOf = (text: string): string => `${text.slice(0, 4)}…${text.slice(-4)}`;
