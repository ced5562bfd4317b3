import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailed, LaunchError } from './launch-error.mjs';
import { runQuietly } from './run.mjs';

const wantedMajor = 24;

/**
 * Finds the Node that everything but this set-up runs on: that in the pinned npm package `node`, or else the machine's
 * own if it is new enough. npm may be configured not to run the package's install script, so it is run here.
 *
 * @param {{ root: string, mayInstall: boolean, terminal: import('./terminal.mjs').Terminal }} request `mayInstall`
 *   fetches the package's binary even if the machine's own Node is new enough
 * @returns {Promise<string>} path of a `node` of at least version 24
 * @throws {LaunchError} when neither can be had
 */
export async function findNode24({ root, mayInstall, terminal }) {
  const packaged = packagedNode(root);
  if (isNewEnough(versionOf(packaged))) return packaged;
  const own = process.env['npm_node_execpath'] ?? process.execPath;
  const isOwnEnough = isNewEnough(versionOf(own));
  if (isOwnEnough && !mayInstall) return own;

  const failure = await terminal.step(`Installing Node ${wantedMajor}`, () => installPackagedNode(root));
  if (isNewEnough(versionOf(packaged))) return packaged;
  if (isOwnEnough) return own;
  throw new LaunchError(
    [
      `Sluice runs on Node ${wantedMajor}, which its npm package "node" brings, but that could not be installed and`,
      `this machine's own is ${process.version}. Check that npm reaches its registry, or install Node ${wantedMajor} yourself.`,
      ...(failure === undefined ? [] : [failure]),
    ].join('\n'),
  );
}

/**
 * Path of a repository's pinned Node, installed or not.
 *
 * @param {string} root
 */
function packagedNode(root) {
  return join(root, 'node_modules/node/bin/node');
}

/**
 * @param {string} version as `node --version` prints it
 * @returns {number} the major version; 0 when the text does not hold a version
 */
export function majorOf(version) {
  return Number(/^v(\d+)\./.exec(version)?.[1] ?? 0);
}

/** @param {string} version */
function isNewEnough(version) {
  return majorOf(version) >= wantedMajor;
}

/** @param {string} node */
function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '';
}

/**
 * @param {string} root
 * @returns {Promise<string | undefined>} the error message of a failed installation
 */
async function installPackagedNode(root) {
  const cwd = join(root, 'node_modules/node');
  const file = process.env['npm_node_execpath'] ?? process.execPath;
  try {
    await runQuietly({ file, args: ['installArchSpecificPackage.js'], cwd });
    linkProgram(root);
    return undefined;
  } catch (error) {
    if (error instanceof CommandFailed) return error.message;
    throw error;
  }
}

/**
 * Links the program, which npm does only if the binary exists before its install script runs. The link puts this Node on
 * the PATH of every npm script.
 *
 * @param {string} root
 */
function linkProgram(root) {
  const link = join(root, 'node_modules/.bin/node');
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync('../node/bin/node', link);
}
