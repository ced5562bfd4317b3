import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder for binaries and archives of images that take minutes to fetch or build. It outlives test runs and clones. */
export function cacheFolder(name: string): string {
  const base = process.env['SLUICE_DEPLOY_CACHE'] || join(homedir(), '.cache', 'sluice-deploy');
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
