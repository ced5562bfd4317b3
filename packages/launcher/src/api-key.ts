import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from './bare/files.mjs';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const randomDigits = 32;
const keyForm = /^sk-[0-9A-Za-z]{32}$/;

/** The key for clients of this machine: made at the first start and kept in `file`, which only its owner may read. */
export function keepApiKey(file: string): string {
  const kept = readIfThere(file)?.trim();
  if (kept !== undefined && keyForm.test(kept)) return kept;
  const key = `sk-${Array.from({ length: randomDigits }, () => digits[randomInt(digits.length)]).join('')}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${key}\n`, { mode: 0o600 });
  return key;
}
