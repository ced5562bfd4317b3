import { spawnSync } from 'node:child_process';
import { hasCode, readIfThere } from './files.mjs';

/**
 * Returns the id and the start time of a process, which tell it from a later process with the same id.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined when no such process runs
 */
export function processIdentity(pid) {
  if (!exists(pid)) return undefined;
  const startedAt = process.platform === 'linux' ? startedAtFromProc(pid) : startedAtFromPs(pid);
  return startedAt === undefined ? undefined : `${pid} ${startedAt}`;
}

/**
 * Finds the process of an identity.
 *
 * @param {string} identity
 * @returns {number | undefined} its id, or undefined when it has ended
 */
export function livingProcess(identity) {
  const pid = Number.parseInt(identity, 10);
  return pid > 0 && processIdentity(pid) === identity.trim() ? pid : undefined;
}

/** @param {number} pid */
function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

/**
 * Reads fields 3 and 22 of stat: the state, and the start in clock ticks since boot. The second field may itself hold
 * blanks and brackets. A zombie counts as ended: in a container without an init, no process reaps it.
 *
 * @param {number} pid
 */
function startedAtFromProc(pid) {
  const stat = readIfThere(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

/** @param {number} pid */
function startedAtFromPs(pid) {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout?.trim() || undefined;
}
