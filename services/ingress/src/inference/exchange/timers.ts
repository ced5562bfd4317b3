import type { ExchangeCommand, ExchangeEvent } from './exchange-events.ts';

/** The deadline of a request, and the one timer of its state. */
export interface Timers {
  /** Starts the timer; replaces one that runs. */
  start(command: Extract<ExchangeCommand, { kind: 'start_timer' }>): void;
  close(): void;
}

/** @param longestMs time after which a request fails whose worker has missed the deadline */
export function createTimers(longestMs: number, on: (event: ExchangeEvent) => void): Timers {
  const deadline = setTimeout(() => on({ kind: 'fail', code: 'upstream_timeout' }), longestMs);
  let timer: NodeJS.Timeout | undefined;
  return {
    start({ ms, event }) {
      clearTimeout(timer);
      timer = setTimeout(() => on(event), ms);
    },
    close() {
      clearTimeout(deadline);
      clearTimeout(timer);
    },
  };
}
