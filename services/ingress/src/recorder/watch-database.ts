import type { Store } from '@sluice/store';
import { every } from './every.ts';

const pingEveryMs = 2000;

/** Asks the database from time to time whether it is there. */
export function watchDatabase(
  store: Store,
  signal: AbortSignal,
): { readonly isUp: boolean; readonly answerMs: number | undefined; readonly ended: Promise<void> } {
  let isUp = false;
  let answerMs: number | undefined;
  const ended = every({
    signal,
    everyMs: pingEveryMs,
    longestPauseMs: pingEveryMs,
    onError: () => void (isUp = false),
    async run() {
      const askedAt = performance.now();
      await store.db.selectNoFrom((is) => is.lit(1).as('one')).execute();
      answerMs = Math.round(performance.now() - askedAt);
      isUp = true;
    },
  });
  return {
    get isUp() {
      return isUp;
    },
    /** Time that its latest answer took. */
    get answerMs() {
      return answerMs;
    },
    ended,
  };
}
