import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A folder for what takes minutes to fetch or build: binaries, archives of images. It survives runs and clones. */
export function cacheFolder(name: string): string {
  const base = process.env['SLUICE_DEPLOY_CACHE'] || join(homedir(), '.cache', 'sluice-deploy');
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}
