import { execFile } from 'node:child_process';
import { chown } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Ids of the user that a process runs as. */
export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Returns the user for PostgreSQL's programs, which refuse to run as root: `postgres`, else `nobody`. Undefined if this
 * process is not root's: they run as its own user.
 */
export async function unprivilegedUser(): Promise<RunAs | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const user = await idsOf(name);
    if (user !== undefined) return user;
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user "postgres" nor "nobody".');
}

/** Gives a folder to a user. */
export async function giveTo(folder: string, user: RunAs | undefined): Promise<void> {
  if (user !== undefined) await chown(folder, user.uid, user.gid);
}

async function idsOf(name: string): Promise<RunAs | undefined> {
  const id = async (option: string): Promise<number> =>
    Number((await promisify(execFile)('id', [option, name])).stdout.trim());
  try {
    return { uid: await id('-u'), gid: await id('-g') };
  } catch {
    return undefined;
  }
}
