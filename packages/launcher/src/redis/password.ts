import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfThere } from '../bare/files.mjs';

const passwordBytes = 32;
const setting = /^requirepass ([\w-]{43})$/m;

export const newPassword = (): string => randomBytes(passwordBytes).toString('base64url');

/**
 * The password of the Redis server that the launcher starts: made at the first start, and kept in a configuration file of
 * the server that only its owner may read. So it stands on no command line, which every user of the machine can see.
 */
export function keepPassword(configFile: string): string {
  const kept = setting.exec(readIfThere(configFile) ?? '')?.[1];
  const password = kept ?? newPassword();
  mkdirSync(dirname(configFile), { recursive: true });
  if (kept === undefined) writeFileSync(configFile, `requirepass ${password}\n`, { mode: 0o600 });
  chmodSync(configFile, 0o600);
  return password;
}
