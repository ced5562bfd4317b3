import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createWhole, hasCode, readIfThere } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';

interface SecretKind {
  /** Pattern of a generated secret. */
  readonly form: RegExp;
  make(): string;
}

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const apiKey: SecretKind = {
  form: /^sk-[0-9A-Za-z]{32}$/,
  make: () => `sk-${Array.from({ length: 32 }, () => digits[randomInt(digits.length)]).join('')}`,
};
const secretKey: SecretKind = { form: /^[\w-]{43}$/, make: () => randomBytes(32).toString('base64url') };

/** File, relative to the root, in which `npm start` keeps the `SLUICE_SECRET_KEY` that it has generated. */
export const secretKeyFile = '.sluice/secret-key';

/**
 * Returns the key for clients of this machine. The first start generates it and keeps it in `file`, which only its owner
 * may read. A file with any other content is overwritten.
 */
export function keepApiKey(file: string): string {
  const kept = keep(file, apiKey);
  if (kept !== undefined) return kept;
  const made = apiKey.make();
  writeFileSync(file, `${made}\n`);
  return made;
}

/**
 * Returns the secret that encrypts access tokens in Redis, generated and kept in the same way. All starts from this folder
 * get the same one, even if they run at the same time.
 *
 * @throws LaunchError when the file has any other content: access tokens may be encrypted with it
 */
export function keepSecretKey(file: string): string {
  const kept = keep(file, secretKey);
  if (kept !== undefined) return kept;
  throw new LaunchError(
    `${file} does not hold a secret that was made here, and it is not overwritten: tokens in Redis may be encrypted with what it holds. Set SLUICE_SECRET_KEY to a secret of your own, or remove the file to have a new one made.`,
  );
}

/** The password of a database, and whether it was made just now. */
export interface KeptPassword {
  readonly text: string;
  readonly isNew: boolean;
}

/** Returns the password of the database that `npm start` runs, made and kept in the same way as the API key. */
export function keepDatabasePassword(file: string): KeptPassword {
  const kept = keptIn(file, secretKey);
  if (kept !== undefined) {
    closeToOthers(file);
    return { text: kept, isNew: false };
  }
  rmSync(file, { force: true });
  return { text: keepSecretKey(file), isNew: true };
}

/** Returns the secret that {@link keepSecretKey} has kept; undefined when the file is missing or has other content. */
export function readKeptSecretKey(root: string): string | undefined {
  return keptIn(join(root, secretKeyFile), secretKey);
}

/** Returns the kept secret, or generates one; undefined when the file has other content. */
function keep(file: string, kind: SecretKind): string | undefined {
  if (readIfThere(file) === undefined) {
    mkdirSync(dirname(file), { recursive: true });
    const made = kind.make();
    // The first of several parallel starts wins.
    if (createWhole(file, `${made}\n`)) return made;
  }
  closeToOthers(file);
  return keptIn(file, kind);
}

function keptIn(file: string, { form }: SecretKind): string | undefined {
  const kept = readIfThere(file)?.trim();
  return kept !== undefined && form.test(kept) ? kept : undefined;
}

/** Removes the rights of other users, which a copy or an archive may have added. */
function closeToOthers(file: string): void {
  try {
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600);
  } catch (error) {
    // The file belongs to another user, or the file system is read-only.
    if (!hasCode(error, 'EPERM') && !hasCode(error, 'EROFS')) throw error;
  }
}
