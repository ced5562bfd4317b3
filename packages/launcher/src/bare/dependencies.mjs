import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readIfThere } from './files.mjs';
import { runQuietly } from './run.mjs';

/** The fields of package.json that decide what npm installs; a changed script needs no new installation. */
const installedFields = [
  'name',
  'version',
  'workspaces',
  'dependencies',
  'devDependencies',
  'optionalDependencies',
  'peerDependencies',
  'overrides',
  'allowScripts',
  'bin',
];

/**
 * Returns whether node_modules matches the lockfile, by the stamp that the last `installDependencies` wrote.
 *
 * @param {string} root
 * @returns {boolean}
 */
export function areDependenciesInstalled(root) {
  return readIfThere(stampOf(root)) === dependencyHash(root);
}

/**
 * Installs exactly what the lockfile says.
 *
 * @param {string} root
 * @throws {import('./launch-error.mjs').CommandFailed}
 */
export async function installDependencies(root) {
  const hash = dependencyHash(root);
  rmSync(stampOf(root), { force: true });
  const args = ['ci', '--no-audit', '--no-fund', '--include=dev', '--loglevel=error'];
  await runQuietly({ ...npmCommand(args), cwd: root });
  writeFileSync(stampOf(root), hash);
}

/**
 * A digest of everything that decides what is installed: the lockfile, the package files, platform and architecture.
 *
 * @param {string} root
 */
function dependencyHash(root) {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`);
  hash.update(readFileSync(join(root, 'package-lock.json')));
  for (const path of packageFiles(root)) {
    const content = JSON.parse(readFileSync(path, 'utf8'));
    hash.update(JSON.stringify(installedFields.map((field) => content[field] ?? null)));
  }
  return hash.digest('hex');
}

/**
 * Returns the command of the npm that runs this script, or of the npm on PATH. Under `npm start` the first `node` on PATH
 * is the packaged one, which `npm ci` is about to delete; `npm_node_execpath` names the Node that npm itself runs on.
 *
 * @param {readonly string[]} args
 * @returns {{ file: string, args: readonly string[] }}
 */
export function npmCommand(args) {
  const { npm_execpath: script, npm_node_execpath: node } = process.env;
  if (script === undefined || basename(script) !== 'npm-cli.js') return { file: 'npm', args };
  return { file: node ?? process.execPath, args: [script, ...args] };
}

/** @param {string} root */
function stampOf(root) {
  return join(root, 'node_modules/.sluice-installed');
}

/**
 * The root's package.json and those of its workspaces, which are all of the form `folder/*`.
 *
 * @param {string} root
 */
function packageFiles(root) {
  /** @type {{ workspaces?: readonly string[] }} */
  const { workspaces = [] } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const members = workspaces.flatMap((pattern) => {
    const folder = join(root, pattern.replace(/\/\*$/, ''));
    return existsSync(folder)
      ? readdirSync(folder)
          .sort()
          .map((name) => join(folder, name, 'package.json'))
      : [];
  });
  return [join(root, 'package.json'), ...members.filter((path) => existsSync(path))];
}
