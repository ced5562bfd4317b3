import { randomBytes } from 'node:crypto';
import { chmodSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../bare/files.mjs';
import { LaunchError } from '../bare/launch-error.mjs';

/**
 * Writes a login to a file that only its owner may read, whole or not at all.
 *
 * @throws LaunchError
 */
export function saveLogin(path: string, text: string): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  try {
    makeFolder(dirname(path), { mode: 0o700 });
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
    // The umask may have removed rights that the owner needs.
    chmodSync(draft, 0o600);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new LaunchError(`The login can't be saved in ${path} (${code}).`);
  }
}
