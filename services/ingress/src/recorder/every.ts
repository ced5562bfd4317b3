import { setTimeout as pause } from 'node:timers/promises';

export interface Repeated {
  /** Pause after a success, from its end. */
  readonly everyMs: number;
  /** Longest pause after failures in a row; the first is 500 ms, and each is twice the one before. */
  readonly longestPauseMs: number;
  /** Returning true means that there is more: no pause. */
  readonly run: () => Promise<boolean | void>;
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

const firstPauseMs = 500;

/** Repeats something until the signal is aborted; a run that has begun ends first. Never rejects. */
export async function every({ everyMs, longestPauseMs, run, onError, signal }: Repeated): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    let delayMs = everyMs;
    try {
      if ((await run()) === true) delayMs = 0;
      failures = 0;
    } catch (error) {
      onError(error);
      delayMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 20));
      failures++;
    }
    if (delayMs > 0) await pause(delayMs, undefined, { signal }).catch(() => undefined);
  }
}
