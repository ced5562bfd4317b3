import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { createWhole, hasCode, readIfThere } from './files.mjs';
import { livingProcess, processIdentity } from './process-identity.mjs';

/**
 * Takes a lock file, or says who has it. A lock whose owner has died is taken over. It is freed by `release` and at
 * the end of this process.
 *
 * @param {string} path
 * @returns {{ readonly release: () => void } | { readonly heldBy: number }}
 */
export function takeLock(path) {
  // The folder will hold keys and prompts, whoever makes it first.
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
 * Two processes may find the same stale lock. The rename lets one of them win; a loser that caught the winner's new
 * lock instead puts it back.
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
