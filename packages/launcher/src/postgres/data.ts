import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fchownSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from '../bare/launch-error.mjs';
import { runQuietly } from '../bare/run.mjs';
import type { KeptPassword } from '../kept-secret.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { ServerPlace } from './place.ts';

/** User and database of the server that `npm start` runs. */
export const userName = 'sluice';
export const databaseName = 'sluice';

const commandTimeoutMs = 120_000;

export const dataOf = ({ folder }: ServerPlace): string => join(folder, 'postgres');

/** Returns the major version of the server that has made the data; undefined when there are none. */
export function majorOfData(place: ServerPlace): number | undefined {
  const file = join(dataOf(place), 'PG_VERSION');
  return existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : undefined;
}

/**
 * Returns the environment of the server and its tools. The server needs none of this process's variables, some of which are
 * secret, and others (`PGDATA`) would mislead it.
 */
export const serverEnvironment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'] ?? '', LC_ALL: 'C' });

export interface DataNeeds {
  readonly binaries: PostgresBinaries;
  readonly place: ServerPlace;
  readonly password: KeptPassword;
}

/**
 * Makes the data of a new server, with a user and a database. Data that exist get the password if its file is new.
 *
 * @throws LaunchError with the messages of the program that failed
 */
export async function ensureData({ binaries, place, password }: DataNeeds): Promise<void> {
  const data = dataOf(place);
  const alterRole = `ALTER ROLE ${userName} PASSWORD '${password.text}';`;
  if (existsSync(data)) {
    if (password.isNew) runAlone({ binaries, place, data, sql: alterRole });
    return;
  }
  // The draft is renamed when it is whole: a start may be stopped at any time.
  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  const passwordFile = join(place.folder, 'postgres-password.new');
  writeFor(place.account, passwordFile, password.text);
  try {
    const settings = ['--encoding=UTF8', '--locale=C', '--auth=scram-sha-256', `--username=${userName}`];
    await runQuietly({
      file: join(binaries.folder, 'initdb'),
      args: [...settings, `--pwfile=${passwordFile}`, `--pgdata=${draft}`],
      cwd: place.folder,
      env: serverEnvironment(),
      timeoutMs: commandTimeoutMs,
      ...place.account,
    });
  } finally {
    rmSync(passwordFile, { force: true });
  }
  runAlone({ binaries, place, data: draft, sql: `CREATE DATABASE ${databaseName};` });
  renameSync(draft, data);
}

/**
 * Writes a file that only the user of the server may read. The folder is that user's, who may be `nobody`: a link that lies
 * there is removed and never followed, because root would write through it and give its target away.
 */
function writeFor(account: ServerPlace['account'], file: string, text: string): void {
  rmSync(file, { force: true });
  const descriptor = openSync(file, 'wx', 0o600);
  try {
    writeSync(descriptor, text);
    if (account !== undefined) fchownSync(descriptor, account.uid, account.gid);
  } finally {
    closeSync(descriptor);
  }
}

interface Alone extends Omit<DataNeeds, 'password'> {
  readonly data: string;
  readonly sql: string;
}

/** Runs one statement without a server, which asks for no password. */
function runAlone({ binaries, place, data, sql }: Alone): void {
  const { status, stdout, stderr } = spawnSync(
    join(binaries.folder, 'postgres'),
    ['--single', '-D', data, 'postgres'],
    {
      input: `${sql}\n`,
      encoding: 'utf8',
      cwd: place.folder,
      env: serverEnvironment(),
      timeout: commandTimeoutMs,
      ...place.account,
    },
  );
  // A statement that fails does not change the exit code.
  if (status === 0 && !/\b(?:ERROR|FATAL):/.test(stdout + stderr)) return;
  throw new LaunchError(`PostgreSQL could not prepare its data in ${data}:\n${(stdout + stderr).trim()}`);
}
