import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @param {string} path
 * @returns {string | undefined} the text, or undefined when there is no such file
 */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // /proc answers ESRCH for a process that ends while its file is read.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}

/**
 * Creates a file that only its owner may read. The text is written to a draft, which is then linked to `path`, so that
 * no process reads a half-written file.
 *
 * @param {string} path
 * @param {string} text
 * @returns {boolean} false when the file exists
 */
export function createWhole(path, text) {
  const draft = `${path}.${randomUUID()}.new`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    rmSync(draft);
  }
}

/**
 * Creates a folder that a person has named, and its parents. Node's own `recursive` never returns when a parent exists
 * and no folder can be created in it, as in /proc.
 *
 * @param {string} path
 * @param {{ mode?: number | undefined }} [options] `mode` of the created folders
 * @throws the error of the system
 */
export function makeFolder(path, { mode } = {}) {
  const above = dirname(path);
  if (isFolder(path)) return;
  if (above !== path) makeFolder(above, { mode });
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!hasCode(error, 'EEXIST') || !isFolder(path)) throw error;
  }
}

/** @param {string} path */
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * @param {unknown} error
 * @param {string} code of a system error, as in `ENOENT`
 * @returns {boolean}
 */
export function hasCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
