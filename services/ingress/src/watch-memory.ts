import { createTroubleLog, type Logger } from '@sluice/telemetry';
import { createCollector } from './collect-garbage.ts';
import { createMemoryGuard, type MemoryGuard } from './memory-guard.ts';

export interface WatchMemoryNeeds {
  /** Undefined = no limit. */
  readonly limitBytes: number | undefined;
  readonly logger: Logger;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Guards the memory of this process. Logs from time to time while it is full. */
export function watchMemory({ limitBytes, logger, now }: WatchMemoryNeeds): MemoryGuard {
  const onFull = createTroubleLog(logger, 'memory full: new requests are refused', now);
  return createMemoryGuard({
    limitBytes,
    usedBytes() {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    },
    // Without a limit, V8's flags stay untouched.
    collect: limitBytes === undefined ? () => undefined : createCollector(),
    onFull: () => onFull('server.memory_limit_bytes is reached'),
    now,
  });
}
