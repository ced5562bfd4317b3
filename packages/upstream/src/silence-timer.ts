/**
 * Notices silence. Every sign of life only notes the time; one timer looks at it now and then, so that a token costs
 * no timer of its own.
 */
export interface SilenceTimer {
  /** A sign of life. */
  touch(): void;
  /** From now on silence is this long, counted from now. */
  allow(ms: number): void;
  /** Silence does not count until `allow` is called: we are the ones who don't listen. */
  suspend(): void;
  stop(): void;
}

export interface SilenceTimerNeeds {
  readonly onSilence: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export function createSilenceTimer({ onSilence, now }: SilenceTimerNeeds): SilenceTimer {
  let lastSignAt = now();
  let allowedMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const leftMs = lastSignAt + allowedMs - now();
    if (leftMs <= 0) onSilence();
    else timer = setTimeout(look, leftMs);
  }

  return {
    touch() {
      lastSignAt = now();
    },
    allow(ms) {
      clearTimeout(timer);
      lastSignAt = now();
      allowedMs = ms;
      timer = setTimeout(look, ms);
    },
    suspend() {
      clearTimeout(timer);
    },
    stop() {
      clearTimeout(timer);
    },
  };
}
