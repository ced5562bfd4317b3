import type { NumberCell } from './instruments.ts';
import type { Series } from './series.ts';

/** Fills gauges from external sources at each scrape. */
export interface GaugeFeed {
  /** Adds gauges. Without a source the gauges stay absent. */
  add<Value>(fed: Fed<Value>): void;
  /**
   * Fills the gauges. Never rejects: gauges whose source fails are absent from this scrape, which reveals the failure.
   */
  refresh(): Promise<void>;
}

/** Gauges with the source of their values and a function that writes them. */
export interface Fed<Value> {
  readonly gauges: readonly Series<NumberCell>[];
  readonly source: Source<Value> | undefined;
  /** Writes the source's values into the gauges, which are empty before. */
  readonly apply: (value: Value) => void;
}

/** Supplies a value at each scrape. */
export type Source<Value> = () => Value | Promise<Value>;

/** Time limit of a source (ms): an unavailable Redis must not block a scrape. */
const longestWaitMs = 1000;

/** Creates the feed of one registry; the sources run in parallel, for a second at most. */
export function createGaugeFeed(): GaugeFeed {
  const refreshers: (() => Promise<void>)[] = [];
  return {
    add({ gauges, source, apply }) {
      if (source === undefined) return;
      refreshers.push(async () => {
        const answer = await answerWithin(longestWaitMs, source);
        // Clears the gauges in the same step as filling them: two concurrent scrapes must not add up.
        for (const gauge of gauges) gauge.clear();
        if (answer !== undefined) apply(answer.value);
      });
    },
    async refresh() {
      await Promise.all(refreshers.map((refresh) => refresh()));
    },
  };
}

interface Answer<Value> {
  readonly value: Value;
}

async function answerWithin<Value>(timeoutMs: number, source: Source<Value>): Promise<Answer<Value> | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([askSource(source), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}

async function askSource<Value>(source: Source<Value>): Promise<Answer<Value> | undefined> {
  try {
    return { value: await source() };
  } catch {
    return undefined;
  }
}
