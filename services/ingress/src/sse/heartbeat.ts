/**
 * A comment line, so that proxies and clients do not give up on a silent stream. No blank line follows: the Python SDK
 * would read it as an empty event once it has seen an id.
 */
export const heartbeatLine = ': ping\n';

/** Calls `onSilence` after each `everyMs` in which `touch` was not called. */
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

export function createHeartbeat({ everyMs, onSilence, now }: HeartbeatNeeds): Heartbeat {
  let lastAt = now();
  let timer = setTimeout(look, everyMs);

  function look(): void {
    if (lastAt + everyMs <= now()) {
      onSilence();
      lastAt = now();
    }
    timer = setTimeout(look, lastAt + everyMs - now());
  }

  return {
    touch() {
      lastAt = now();
    },
    stop: () => clearTimeout(timer),
  };
}
