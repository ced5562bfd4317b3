// Prepares a release: raises the version of all packages and at all other places that name it, and moves the texts of
// `.changeset` into CHANGELOG.md. Changesets alone would write a changelog for each package, and knows no root package.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rootUrl } from '../checklist/read-checklist.ts';
import { withRelease } from './changelog.ts';
import { readManifests, readUnreleased } from './read-changesets.ts';
import { versionPlaces, withVersion } from './version-places.ts';

const root = fileURLToPath(rootUrl);
const changesets = await readUnreleased();
if (changesets.length === 0) throw new Error('.changeset has no changes: there is nothing to release');

const run = (command: string, args: readonly string[]): void => {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
};
function edit(path: string, change: (text: string) => string): void {
  const url = new URL(path, rootUrl);
  writeFileSync(url, change(readFileSync(url, 'utf8')));
}

run(process.execPath, ['node_modules/@changesets/cli/bin.js', 'version']);
const [first] = readManifests();
if (first === undefined) throw new Error('the repository has no packages');
const { version } = first;
const day = new Date().toISOString().slice(0, 10);
edit('CHANGELOG.md', (text) => withRelease(text, { version, day, changesets }));
for (const place of versionPlaces) edit(place.file, (text) => withVersion(place, text, version));
run('npm', ['install', '--package-lock-only', '--ignore-scripts']);
// A longer version widens the columns of tables.
run('npm', ['run', 'format']);
