import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from '../bare/files.mjs';

const passwordBytes = 32;
const setting = /^requirepass ([\w-]{43})$/m;

export const newPassword = (): string => randomBytes(passwordBytes).toString('base64url');

/**
 * Returns the password of the Redis server that the launcher starts. The first start generates it and keeps it in the
 * server's configuration file, which only its owner may read: every user of the machine can see a command line.
 */
export function keepPassword(configFile: string): string {
  const kept = setting.exec(readIfThere(configFile) ?? '')?.[1];
  const password = kept ?? newPassword();
  mkdirSync(dirname(configFile), { recursive: true });
  if (kept === undefined) writeFileSync(configFile, `requirepass ${password}\n`, { mode: 0o600 });
  chmodSync(configFile, 0o600);
  return password;
}
