import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere } from './bare/files.mjs';

/** File, relative to the root, with the first admin key of a database that `npm start` has begun to use. */
export const adminKeyFile = '.sluice/admin-key';

/** Makes an ingress send its first admin key over its channel: its output is kept in a log. */
export const askForAdminKey = { SLUICE_ADMIN_KEY_BY_MESSAGE: '1' };

const messageSchema = z.object({ adminKey: z.string() });

/**
 * Keeps the first admin key of an ingress in a file that only its owner may read, and shows it this once.
 * @returns the answer for which the ingress waits before it makes the key; undefined for another message
 */
export function keepAdminKey(
  message: unknown,
  { root, say }: { readonly root: string; readonly say: (text: string) => void },
): { readonly adminKeyKept: string } | undefined {
  const { success, data } = messageSchema.safeParse(message);
  if (!success) return undefined;
  const file = join(root, adminKeyFile);
  // A file that is there keeps its rights.
  rmSync(file, { force: true });
  writeFileSync(file, `${data.adminKey}\n`, { mode: 0o600 });
  say(`The database had no admin key. A new one is in ${adminKeyFile}: ${data.adminKey}`);
  return { adminKeyKept: data.adminKey };
}

/** Returns the kept admin key, if there is one. */
export const keptAdminKey = (root: string): string | undefined => readIfThere(join(root, adminKeyFile))?.trim();
