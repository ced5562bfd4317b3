import type { RequestLog } from '@sluice/records';
import type { Response } from 'express';
import type { Arrival, Conclusion, Facts } from './conclude.ts';
import { toRequestLog } from './to-request-log.ts';

export interface RecordNeeds {
  readonly requestLogs: { readonly add: (log: RequestLog) => void };
  readonly response: Pick<Response, 'once' | 'writableLength'>;
  readonly arrival: Arrival;
  readonly facts: Facts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The request log of one request until it is written. */
export interface Recording {
  /** Called at the end of the request. */
  ended(conclusion: Conclusion, endedAt: number): void;
  /** Called when the operating system has taken the whole answer, if the response stays open after that. */
  taken(): void;
}

/**
 * Writes the request log when the request has ended and its response is closed, whichever comes last. The request's time ends
 * earlier, when the operating system has taken the last byte: the close comes after everything else that is due then.
 */
export function recordOnceClosed({ requestLogs, response, arrival, facts, now }: RecordNeeds): Recording {
  let end: { readonly conclusion: Conclusion; readonly endedAt: number } | undefined;
  let takenAt: number | undefined;
  let closedAt: number | undefined;

  function recordIfOver(): void {
    if (end === undefined || closedAt === undefined || !facts.isLogged) return;
    // The listeners of a close take turns, and the one that cancels the request is the first.
    const leftAt = end.conclusion.outcome === 'cancelled' ? Math.min(end.endedAt, closedAt) : closedAt;
    const arrivedAt = Math.round(Date.now() - (now() - arrival.startedAt));
    requestLogs.add(toRequestLog({ arrival, facts, ...end, closedAt: takenAt ?? leftAt, arrivedAt }));
  }

  function taken(): void {
    takenAt ??= now();
  }

  // Node has written everything to the socket then; what the socket could not pass on counts as unsent.
  response.once('prefinish', () => {
    if (response.writableLength === 0) taken();
  });
  response.once('close', () => {
    closedAt = now();
    recordIfOver();
  });
  return {
    ended(conclusion, endedAt) {
      end = { conclusion, endedAt };
      recordIfOver();
    },
    taken,
  };
}
