import { readFileSync } from 'node:fs';

/** Total use of resources by processes. */
export interface ProcessCost {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts CPU time in hundredths of a second. */
const tickMs = 10;

/** Returns the sums over processes; undefined on systems without /proc. */
export function costOf(pids: readonly number[]): ProcessCost | undefined {
  if (process.platform !== 'linux') return undefined;
  let cpuMs = 0;
  let rssBytes = 0;
  for (const pid of pids) {
    // After the name, which may hold blanks and brackets, state is field 1, utime and stime are fields 12 and 13.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuMs += (Number(fields[11]) + Number(fields[12])) * tickMs;
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    rssBytes += Number(rss ?? 0) * 1024;
  }
  return { cpuMs, rssBytes };
}
