import type { Store } from '@sluice/store';
import { every } from './every.ts';

const pingEveryMs = 2000;

/** Asks the database from time to time whether it is there. */
export function watchDatabase(
  store: Store,
  signal: AbortSignal,
): { readonly isUp: boolean; readonly ended: Promise<void> } {
  let isUp = false;
  const ended = every({
    signal,
    everyMs: pingEveryMs,
    longestPauseMs: pingEveryMs,
    onError: () => void (isUp = false),
    async run() {
      await store.db.selectNoFrom((is) => is.lit(1).as('one')).execute();
      isUp = true;
    },
  });
  return {
    get isUp() {
      return isUp;
    },
    ended,
  };
}
