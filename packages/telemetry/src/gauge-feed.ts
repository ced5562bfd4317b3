import type { NumberCell } from './instruments.ts';
import type { Series } from './series.ts';

/** Fills gauges whose values live elsewhere, at each scrape. */
export interface GaugeFeed {
  /** Without a source the gauges stay absent. */
  add<Value>(fed: Fed<Value>): void;
  /** Never rejects: gauges whose source fails are absent from this scrape, which is the sign of it. */
  refresh(): Promise<void>;
}

/** Gauges, who knows their values, and how to write them. */
export interface Fed<Value> {
  readonly gauges: readonly Series<NumberCell>[];
  readonly source: Source<Value> | undefined;
  /** Writes what the source gave into the gauges, which are empty by then. */
  readonly apply: (value: Value) => void;
}

/** Asked at each scrape. */
export type Source<Value> = () => Value | Promise<Value>;

/** A scrape must not hang because Redis does. */
const longestWaitMs = 1000;

/** One for each registry; sources are asked side by side, a second at most. */
export function createGaugeFeed(): GaugeFeed {
  const refreshers: (() => Promise<void>)[] = [];
  return {
    add({ gauges, source, apply }) {
      if (source === undefined) return;
      refreshers.push(async () => {
        const answer = await answerWithin(longestWaitMs, source);
        // Emptied only now, in one go with the filling: two scrapes at once must not add up.
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
