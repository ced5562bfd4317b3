import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createWhole, hasCode, readIfThere } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';

interface SecretKind {
  /** The form of one that was made here. */
  readonly form: RegExp;
  make(): string;
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const apiKey: SecretKind = {
  form: /^sk-[0-9A-Za-z]{32}$/,
  make: () => `sk-${Array.from({ length: 32 }, () => digits[randomInt(digits.length)]).join('')}`,
};
const secretKey: SecretKind = { form: /^[\w-]{43}$/, make: () => randomBytes(32).toString('base64url') };

/** File in which `npm start` keeps the `SLUICE_SECRET_KEY` that it has made, seen from the root. */
export const secretKeyFile = '.sluice/secret-key';

/**
 * The key for clients of this machine: made at the first start and kept in `file`, which only its owner may read.
 * Another content of that file is replaced.
 */
export function keepApiKey(file: string): string {
  const kept = keep(file, apiKey);
  if (kept !== undefined) return kept;
  const made = apiKey.make();
  writeFileSync(file, `${made}\n`);
  return made;
}

/**
 * The same for what encrypts tokens in Redis. All starts from this folder get the same one, also when they come at
 * once.
 *
 * @throws LaunchError when something else is in the file: tokens may be encrypted with it
 */
export function keepSecretKey(file: string): string {
  const kept = keep(file, secretKey);
  if (kept !== undefined) return kept;
  throw new LaunchError(
    `${file} does not hold a secret that was made here, and it is not overwritten: tokens in Redis may be encrypted with what it holds. Set SLUICE_SECRET_KEY to a secret of your own, or remove the file to have a new one made.`,
  );
}

/** Returns what {@link keepSecretKey} has kept; undefined when there is none, or something else is in the file. */
export function readKeptSecretKey(root: string): string | undefined {
  return keptIn(join(root, secretKeyFile), secretKey);
}

/** Returns undefined when something else is in the file. */
function keep(file: string, kind: SecretKind): string | undefined {
  if (readIfThere(file) === undefined) {
    mkdirSync(dirname(file), { recursive: true });
    const made = kind.make();
    // Of starts at once the first one wins.
    if (createWhole(file, `${made}\n`)) return made;
  }
  closeToOthers(file);
  return keptIn(file, kind);
}

function keptIn(file: string, { form }: SecretKind): string | undefined {
  const kept = readIfThere(file)?.trim();
  return kept !== undefined && form.test(kept) ? kept : undefined;
}

/** A copy or an archive may have opened it. */
function closeToOthers(file: string): void {
  try {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    // Not ours to change.
    if (!hasCode(error, 'EPERM') && !hasCode(error, 'EROFS')) throw error;
  }
}
