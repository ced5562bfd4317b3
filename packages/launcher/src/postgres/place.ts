import { createHash } from 'node:crypto';
import { chmodSync, chownSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../bare/files.mjs';
import type { Unavailable } from '../redis/source.ts';

/** A user of this machine, by numbers. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The folders of the server that `npm start` runs, and the user that runs it. */
export interface ServerPlace {
  /** Folder of the data; only the user of the server may enter it. */
  readonly folder: string;
  /** Folder for programs that are fetched; shared by all starts. */
  readonly programs: string;
  /** User of the server; undefined = the user of this process. */
  readonly account: Account | undefined;
}

export interface PlaceNeeds {
  /** State folder of this start. */
  readonly stateFolder: string;
  /** `.sluice`, which all starts from this repository share. */
  readonly sharedFolder: string;
}

/** The existing user that runs the server, if there is one of this name; else the one without rights. None is ever created. */
const accountName = 'postgres';
const uidWithoutRights = 65_534;
const folderOfRoot = '/var/lib/sluice';

/**
 * Chooses the place of the server. PostgreSQL refuses to run as root, so root runs it as another user, whose data can't be in
 * `.sluice`: only root may enter that.
 */
export function choosePlace({ stateFolder, sharedFolder }: PlaceNeeds): ServerPlace | Unavailable {
  if (process.getuid?.() !== 0) return { folder: stateFolder, programs: sharedFolder, account: undefined };
  const folder = join(folderOfRoot, createHash('sha256').update(stateFolder).digest('hex').slice(0, 12));
  const account = ownerOf(folder) ?? findAccount(readFileSync('/etc/passwd', 'utf8'));
  if (account === undefined) {
    return {
      reason: `PostgreSQL does not run as root, and there is no user ${accountName}, nor one with the id ${uidWithoutRights}`,
    };
  }
  try {
    makeFolder(folder);
    // Everyone may enter the folder of the programs, whatever the umask is.
    chmodSync(folderOfRoot, 0o755);
    chownSync(folder, account.uid, account.gid);
    chmodSync(folder, 0o700);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { reason: `${folder} can't be made for the user of PostgreSQL (${code})` };
  }
  return { folder, programs: folderOfRoot, account };
}

/** Returns the user of the data of an earlier start; a `postgres` that was installed since does not own them. */
function ownerOf(folder: string): Account | undefined {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

/** Finds a user in the text of `/etc/passwd`. */
export function findAccount(passwd: string): Account | undefined {
  const users = passwd.split('\n').flatMap((line) => {
    const [name = '', , uid, gid] = line.split(':');
    const account = { uid: Number(uid), gid: Number(gid) };
    return account.uid > 0 && account.gid > 0 ? [{ name, account }] : [];
  });
  const found = users.find(({ name }) => name === accountName);
  return (found ?? users.find(({ account }) => account.uid === uidWithoutRights))?.account;
}
