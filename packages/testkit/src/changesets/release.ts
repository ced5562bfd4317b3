// Prepares a release: raises the version of all packages, of the repository and of the chart's images, and moves the texts
// of `.changeset` into CHANGELOG.md. Changesets alone would write a changelog for each package, and knows no root package.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rootUrl } from '../checklist/read-checklist.ts';
import { withRelease } from './changelog.ts';
import { readManifests, readUnreleased } from './read-changesets.ts';

const root = fileURLToPath(rootUrl);
const changesets = await readUnreleased();
if (changesets.length === 0) throw new Error('.changeset has no changes: there is nothing to release');

const run = (command: string, args: readonly string[]): void => {
  execFileSync(command, args, { cwd: root, stdio: 'inherit' });
};
/** @throws Error if the file has no such text */
function edit(path: string, change: (text: string) => string): void {
  const url = new URL(path, rootUrl);
  const text = readFileSync(url, 'utf8');
  const changed = change(text);
  if (changed === text) throw new Error(`${path} has no version to raise`);
  writeFileSync(url, changed);
}

run(process.execPath, ['node_modules/@changesets/cli/bin.js', 'version']);
const [first] = readManifests();
if (first === undefined) throw new Error('the repository has no packages');
const { version } = first;
const day = new Date().toISOString().slice(0, 10);
edit('CHANGELOG.md', (text) => withRelease(text, { version, day, changesets }));
edit('package.json', (text) => text.replace(/"version": "[^"]*"/, `"version": "${version}"`));
edit('deploy/helm/sluice/Chart.yaml', (text) => text.replace(/^appVersion: .*$/m, `appVersion: '${version}'`));
run('npm', ['install', '--package-lock-only', '--ignore-scripts']);
