import { readdirSync, readFileSync } from 'node:fs';

/** Total use of resources by processes. */
export interface ProcessCost {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts CPU time in hundredths of a second. */
const tickMs = 10;

/** Returns whether a process can be measured: it runs, on a system with /proc. */
export const isMeasurable = (pid: number): boolean => read(pid, 'stat') !== undefined;

/** Returns the ids of processes and all their descendants; the processes alone on systems without /proc. */
export function treeOf(roots: readonly number[]): number[] {
  if (roots.length === 0 || process.platform !== 'linux') return [...roots];
  const children = Map.groupBy(
    readdirSync('/proc').flatMap((entry) => {
      const parent = /^\d+$/.test(entry) ? statOf(Number(entry))?.[1] : undefined;
      return parent === undefined ? [] : [{ pid: Number(entry), parent: Number(parent) }];
    }),
    ({ parent }) => parent,
  );
  const tree = new Set(roots);
  // A set visits what is added to it meanwhile.
  for (const pid of tree) for (const child of children.get(pid) ?? []) tree.add(child.pid);
  return [...tree];
}

/**
 * Returns the sums over processes, with the CPU time of their children that have ended. Undefined when there are none, when
 * one has ended, and on systems without /proc.
 */
export function costOf(pids: readonly number[]): ProcessCost | undefined {
  if (pids.length === 0) return undefined;
  let cpuMs = 0;
  let rssBytes = 0;
  for (const pid of pids) {
    const fields = statOf(pid);
    const status = read(pid, 'status');
    if (fields === undefined || status === undefined) return undefined;
    // utime, stime and, of children that have ended, cutime and cstime.
    cpuMs += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * tickMs, 0);
    rssBytes += Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  }
  return { cpuMs, rssBytes };
}

/** Returns the fields of a process's `stat` from its state on: the name before it may contain blanks and brackets. */
function statOf(pid: number): string[] | undefined {
  const stat = read(pid, 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Returns undefined when the process has ended or there is no /proc. */
function read(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
