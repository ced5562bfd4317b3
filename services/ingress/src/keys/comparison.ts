import { within } from '@sluice/lifecycle';

/** The comparison of the database's keys with those in Redis: at the start until it succeeds, and then from time to time. */
export interface Comparison {
  /** Compares, one at a time, and again after a while. Never rejects. */
  run(): Promise<void>;
  /** False until the first success. */
  readonly hasSucceeded: () => boolean;
  /** Waits for the first success, up to 5 s. Undefined after it, and while the database or Redis is known to be away. */
  untilSuccess(): Promise<void> | undefined;
  close(): void;
}

export interface ComparisonNeeds {
  readonly compare: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** Time between two comparisons. Each costs a command and a statement. */
const everyMs = 10_000;
/** The same until the first success. */
const firstEveryMs = 1000;
/** A start, and a request with a key that is not known yet, wait this long. */
const longestWaitMs = 5000;

export function createComparison({ compare, onError }: ComparisonNeeds): Comparison {
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  let hasSucceeded = false;
  /** The latest comparison has failed. */
  let hasFailed = false;
  let first = Promise.withResolvers<void>();

  async function runOnce(): Promise<void> {
    try {
      await compare();
      hasSucceeded = true;
    } catch (error) {
      hasFailed = true;
      onError(error);
    }
    first.resolve();
    if (!hasSucceeded) first = Promise.withResolvers<void>();
  }

  function run(): Promise<void> {
    clearTimeout(timer);
    return (running ??= runOnce().finally(() => {
      running = undefined;
      if (!isClosed) timer = setTimeout(() => void run(), hasSucceeded ? everyMs : firstEveryMs);
    }));
  }

  return {
    run,
    hasSucceeded: () => hasSucceeded,
    untilSuccess: () => (hasSucceeded || hasFailed ? undefined : within(first.promise, longestWaitMs)),
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}
