import { readFileSync } from 'node:fs';

/**
 * @param {string} path
 * @returns {string | undefined} the text, or undefined when there is no such file
 */
export function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // ESRCH is what /proc answers for a process that ends while its file is read.
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ESRCH')) return undefined;
    throw error;
  }
}

/**
 * @param {unknown} error
 * @param {string} code of a system error, as in `ENOENT`
 * @returns {boolean}
 */
export function hasCode(error, code) {
  return error instanceof Error && 'code' in error && error.code === code;
}
