import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terminal } from '../bare/terminal.mjs';
import type { Unavailable } from '../redis/source.ts';
import { findBinaries, type PostgresBinaries } from './binaries.ts';
import { majorOfData } from './data.ts';
import { packagedBinaries, packagedMajor } from './package.ts';
import { choosePlace, type ServerPlace } from './place.ts';
import { oldestMajor } from './version.ts';

export interface ProgramNeeds {
  readonly searchPath: string;
  readonly place: ServerPlace;
  readonly terminal: Terminal;
  readonly versionFolders?: readonly string[];
}

/**
 * Finds the programs of PostgreSQL on this machine, or brings them. Data of an earlier start need the major version that has
 * made them.
 */
export async function bringBinaries({
  searchPath,
  place,
  terminal,
  versionFolders,
}: ProgramNeeds): Promise<PostgresBinaries | Unavailable> {
  const major = majorOfData(place);
  const folders = versionFolders === undefined ? {} : { versionFolders };
  for (const found of findBinaries({ searchPath, account: place.account, ...folders })) {
    if (major === undefined || found.version.major === major) return found;
  }
  if (major !== undefined && major !== packagedMajor) {
    return { reason: `the records in ${place.folder} are of PostgreSQL ${major}, which is not installed any more` };
  }
  const packaged = await packagedBinaries({ place, terminal });
  if ('folder' in packaged) return packaged;
  return { reason: `no PostgreSQL ${oldestMajor} or newer is installed, and ${packaged.reason}` };
}

/** File in `.sluice` with the folder of the programs, for tests that start servers of their own. */
const binariesNote = 'postgres-bin';

/** Finds or brings the programs, notes their folder, and starts nothing. */
export async function noteBinaries({
  searchPath,
  sharedFolder,
  terminal,
}: {
  readonly searchPath: string;
  readonly sharedFolder: string;
  readonly terminal: Terminal;
}): Promise<PostgresBinaries | Unavailable> {
  const place = choosePlace({ stateFolder: sharedFolder, sharedFolder });
  if ('reason' in place) return place;
  const found = await bringBinaries({ searchPath, place, terminal });
  if ('folder' in found) writeFileSync(join(sharedFolder, binariesNote), `${found.folder}\n`);
  return found;
}
