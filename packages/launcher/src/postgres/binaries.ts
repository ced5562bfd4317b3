import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../find-program.ts';
import type { Account } from './place.ts';
import { oldestMajor, parsePostgresBanner, type PostgresVersion } from './version.ts';

/** The programs of one version of PostgreSQL. */
export interface PostgresBinaries {
  /** Folder of `postgres` and `initdb`. */
  readonly folder: string;
  readonly version: PostgresVersion;
}

export interface BinariesNeeds {
  /** Folders to look in, as in PATH. */
  readonly searchPath: string;
  /** The user that runs the server. */
  readonly account: Account | undefined;
  /** Folders of versions that are installed beside PATH. Default: those of Debian, Red Hat and Homebrew. */
  readonly versionFolders?: readonly string[];
}

const versionTimeoutMs = 5000;

/** Finds the programs of this machine that are new enough: those on PATH, then the newest first. */
export function* findBinaries({
  searchPath,
  account,
  versionFolders = usualVersionFolders(),
}: BinariesNeeds): Iterable<PostgresBinaries> {
  const onPath = findProgram('postgres', searchPath);
  // A link on PATH has no `initdb` beside it.
  const folders = [...(onPath === undefined ? [] : [dirname(realpathSync(onPath))]), ...versionFolders];
  for (const folder of folders) {
    const found = inspectBinaries(folder, account);
    if (found !== undefined && found.version.major >= oldestMajor) yield found;
  }
}

/** Returns the programs of a folder; undefined when they are missing or the user of the server can't run them. */
export function inspectBinaries(folder: string, account: Account | undefined): PostgresBinaries | undefined {
  if (findProgram('initdb', folder) === undefined) return undefined;
  const { stdout } = spawnSync(join(folder, 'postgres'), ['--version'], {
    encoding: 'utf8',
    timeout: versionTimeoutMs,
    cwd: '/',
    ...account,
  });
  const version = parsePostgresBanner(stdout ?? '');
  return version === undefined ? undefined : { folder, version };
}

const parents = [
  { folder: '/usr/lib/postgresql', name: /^(\d+)$/ },
  { folder: '/usr', name: /^pgsql-(\d+)$/ },
  { folder: '/opt/homebrew/opt', name: /^postgresql@(\d+)$/ },
  { folder: '/usr/local/opt', name: /^postgresql@(\d+)$/ },
];

function usualVersionFolders(): string[] {
  const found = parents.flatMap(({ folder, name }) =>
    namesIn(folder).flatMap((entry) => {
      const major = name.exec(entry)?.[1];
      return major === undefined ? [] : [{ major: Number(major), path: join(folder, entry, 'bin') }];
    }),
  );
  return found.toSorted((one, other) => other.major - one.major).map(({ path }) => path);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
