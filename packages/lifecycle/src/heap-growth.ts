import { setFlagsFromString } from 'node:v8';

/** Heap (bytes) up to which garbage may accumulate; only with many open requests does the heap need more. */
const budgetBytes = 110 * 1024 * 1024;
/** Live heap of a service without requests, and what each open request adds; measured with 0 and 2,000 open streams. */
const idleBytes = 40 * 1024 * 1024;
const requestBytes = 45 * 1024;
/** Beyond 150 % the CPU of a request does not fall any more; below 40 % V8 collects all the time. */
const mostPercent = 150;
const leastPercent = 40;

const checkEveryMs = 250;
const flag = '--heap-growing-percent';

/** Returns by how many percent the live heap of a service with that many open requests may grow until V8 collects it. */
export function heapGrowthPercent(openRequests: number): number {
  const room = budgetBytes / (idleBytes + openRequests * requestBytes) - 1;
  return Math.round(Math.min(mostPercent, Math.max(leastPercent, room * 100)));
}

export interface HeapGrowthNeeds {
  /** Returns the number of requests, or runs, that the process has open. */
  readonly openRequests: () => number;
  /** Node's own arguments of this process. */
  readonly execArgv?: readonly string[];
  /** Sets a flag of V8. */
  readonly setFlag?: (flag: string) => void;
}

/**
 * Bounds the memory of a process by the number of its open requests: with few, V8 collects rarely, which saves 15 % of
 * CPU; with thousands, it collects early (docs/performance.md). V8 reads the flag at the end of each full collection.
 * Has no effect unless the process was started with `--heap-growing-percent`: without the flag, V8 decides by itself.
 */
export function fitHeapGrowth({
  openRequests,
  execArgv = process.execArgv,
  setFlag = setFlagsFromString,
}: HeapGrowthNeeds): void {
  if (!execArgv.some((argument) => argument.startsWith(`${flag}=`))) return;
  let set: number | undefined;
  setInterval(() => {
    const percent = heapGrowthPercent(openRequests());
    if (percent === set) return;
    set = percent;
    setFlag(`${flag}=${percent}`);
  }, checkEveryMs).unref();
}
