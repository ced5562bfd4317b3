import { readFileSync } from 'node:fs';

/** Resources that processes have used so far. */
export interface ProcessCost {
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** Linux counts CPU time in hundredths of a second. */
const tickMs = 10;

/** Sums it over processes. Undefined where the system has no /proc. */
export function costOf(pids: readonly number[]): ProcessCost | undefined {
  if (process.platform !== 'linux') return undefined;
  let cpuMs = 0;
  let rssBytes = 0;
  for (const pid of pids) {
    // Behind the name, which may hold blanks and brackets: the state is the first field, utime and stime the 12th and 13th.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    cpuMs += (Number(fields[11]) + Number(fields[12])) * tickMs;
    const rss = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    rssBytes += Number(rss ?? 0) * 1024;
  }
  return { cpuMs, rssBytes };
}
