/**
 * A comment line, so that proxies and clients do not give up on a silent stream. No blank line follows: the Python SDK
 * would read it as an empty event once it has seen an id.
 */
export const heartbeatLine = ': ping\n';

/**
 * Calls `onSilence` after each `everyMs` in which `touch` was not called; the first time up to a second, or a tenth of
 * `everyMs`, earlier.
 */
export interface Heartbeat {
  touch(): void;
  stop(): void;
}

export interface HeartbeatNeeds {
  readonly everyMs: number;
  readonly onSilence: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Interval of the times at which heartbeats are due. */
const stepMs = 1000;
const minSteps = 10;

/**
 * The heartbeats of all streams are due at the same times, the multiples of some step. So a process with many silent streams
 * wakes up once per step, instead of once per heartbeat.
 */
export function createHeartbeat({ everyMs, onSilence, now }: HeartbeatNeeds): Heartbeat {
  const steps = Math.max(minSteps, Math.ceil(everyMs / stepMs));
  let lastAt = now();
  let timer = setTimeout(look, leftMs());

  function dueAt(): number {
    return (Math.floor((lastAt * steps) / everyMs) * everyMs) / steps + everyMs;
  }

  /** Rounded up: a timer that ends a fraction of a millisecond too early would have to start again. */
  function leftMs(): number {
    return Math.ceil(dueAt() - now());
  }

  function look(): void {
    if (dueAt() <= now()) {
      onSilence();
      lastAt = now();
    }
    timer = setTimeout(look, leftMs());
  }

  return {
    touch() {
      lastAt = now();
    },
    stop: () => clearTimeout(timer),
  };
}
