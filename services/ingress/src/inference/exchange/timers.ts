import type { ExchangeCommand, ExchangeEvent } from './exchange-events.ts';

/** The deadline of a request, and the one timer that its state may have. */
export interface Timers {
  /** Starts the timer anew; one that runs is stopped. */
  start(command: Extract<ExchangeCommand, { kind: 'start_timer' }>): void;
  close(): void;
}

/** @param longestMs time after which a request fails, should its worker let the deadline pass */
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
