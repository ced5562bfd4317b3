import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createWhole, hasCode, readIfThere } from './files.mjs';
import { livingProcess, processIdentity } from './process-identity.mjs';

/**
 * Takes a lock file, or returns the id of the process that holds it. A lock whose owner has died is taken over.
 * `release` and the end of this process free the lock.
 *
 * @param {string} path
 * @returns {{ readonly release: () => void } | { readonly heldBy: number }}
 */
export function takeLock(path) {
  // The folder will hold keys and prompts, so it is private from the start.
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  for (;;) {
    if (createWhole(path, processIdentity(process.pid) ?? '')) return heldLock(path);
    const holder = readIfThere(path);
    if (holder === undefined) continue;
    const heldBy = livingProcess(holder);
    if (heldBy !== undefined) return { heldBy };
    removeStale(path, holder);
  }
}

/** @param {string} path */
function heldLock(path) {
  const release = () => {
    process.off('exit', release);
    rmSync(path, { force: true });
  };
  process.once('exit', release);
  return { release };
}

/**
 * Removes a stale lock. When two processes find the same one, the rename lets one of them win; a loser that renamed the
 * winner's new lock instead puts it back.
 *
 * @param {string} path
 * @param {string} staleText
 */
function removeStale(path, staleText) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return;
    throw error;
  }
  if (readIfThere(aside) === staleText) rmSync(aside);
  else renameSync(aside, path);
}
