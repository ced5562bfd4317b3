import { randomBytes, randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readIfThere } from './bare/files.mjs';

interface SecretKind {
  /** The form of one that was made here; anything else in the file is replaced. */
  readonly form: RegExp;
  make(): string;
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const apiKey: SecretKind = {
  form: /^sk-[0-9A-Za-z]{32}$/,
  make: () => `sk-${Array.from({ length: 32 }, () => digits[randomInt(digits.length)]).join('')}`,
};
const secretKey: SecretKind = { form: /^[\w-]{43}$/, make: () => randomBytes(32).toString('base64url') };

/** The key for clients of this machine: made at the first start and kept in `file`, which only its owner may read. */
export const keepApiKey = (file: string): string => keep(file, apiKey);

/** The same for what encrypts tokens in Redis. */
export const keepSecretKey = (file: string): string => keep(file, secretKey);

/** The secret that an `npm start` from this folder has made; undefined if there is none of its form. */
export function readKeptSecretKey(root: string): string | undefined {
  const kept = readIfThere(join(root, '.sluice/secret-key'))?.trim();
  return kept !== undefined && secretKey.form.test(kept) ? kept : undefined;
}

function keep(file: string, { form, make }: SecretKind): string {
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && form.test(kept)) return kept;
  const made = make();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${made}\n`, { mode: 0o600 });
  return made;
}
