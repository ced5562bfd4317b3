import { execFile } from 'node:child_process';
import { access, constants, readdir, realpath } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The programs of a PostgreSQL server that is installed on this machine. */
export interface PostgresPrograms {
  /** Folder of `postgres` and `initdb`. */
  readonly directory: string;
  /** Product and version: `PostgreSQL 15.18`. */
  readonly title: string;
}

/** Folders whose subfolders are versions: those of Debian, and that of `npm run setup`. */
const versionFolders = ['/usr/lib/postgresql', fileURLToPath(new URL('../../../../.sluice/postgres', import.meta.url))];

/**
 * Finds the programs: in the folder that SLUICE_POSTGRES_BIN names, else on PATH, else the newest of `/usr/lib/postgresql`,
 * else those that the launcher keeps in `.sluice/postgres`. Undefined if there are none.
 */
export async function findPostgres(): Promise<PostgresPrograms | undefined> {
  const named = process.env['SLUICE_POSTGRES_BIN'];
  const onPath = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = [
    ...(named === undefined || named === '' ? [] : [named]),
    ...(await Promise.all(onPath.map(programFolder))).flat(),
    ...(await Promise.all(versionFolders.map(newestFirst))).flat(),
  ];
  for (const directory of candidates) {
    const title = await titleOf(directory);
    if (title !== undefined) return { directory, title };
  }
  return undefined;
}

/** Returns the folder in which `postgres` of a folder of PATH really lies: distributions link it there without `initdb`. */
async function programFolder(folder: string): Promise<readonly string[]> {
  return realpath(join(folder, 'postgres')).then(
    (path) => [dirname(path)],
    () => [],
  );
}

async function newestFirst(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const byVersion = names.toSorted((one, other) => Number.parseFloat(other) - Number.parseFloat(one));
  return byVersion.map((name) => join(folder, name, 'bin'));
}

async function titleOf(directory: string): Promise<string | undefined> {
  try {
    await access(join(directory, 'initdb'), constants.X_OK);
    const { stdout } = await promisify(execFile)(join(directory, 'postgres'), ['--version'], { timeout: 5000 });
    const [, version] = /PostgreSQL\) (\S+)/.exec(stdout) ?? [];
    return version === undefined ? undefined : `PostgreSQL ${version}`;
  } catch {
    return undefined;
  }
}
