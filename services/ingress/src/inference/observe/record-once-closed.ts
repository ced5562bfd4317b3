import type { RequestLog } from '@sluice/records';
import type { Request, Response } from 'express';
import type { Arrival, Conclusion, Facts } from './conclude.ts';
import { toRequestLog } from './to-request-log.ts';

export interface RecordNeeds {
  readonly requestLogs: { readonly add: (log: RequestLog) => void };
  readonly request: Pick<Request, 'complete'>;
  readonly response: Pick<Response, 'once'>;
  readonly arrival: Arrival;
  readonly facts: Facts;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Writes the request log when the request has ended and its response is closed, whichever comes last. Returns the function to
 * call at the end of the request.
 */
export function recordOnceClosed(needs: RecordNeeds): (conclusion: Conclusion, endedAt: number) => void {
  const { requestLogs, request, response, arrival, facts, now } = needs;
  let ended: { readonly conclusion: Conclusion; readonly endedAt: number; readonly isUnread: boolean } | undefined;
  let closedAt: number | undefined;

  function recordIfOver(): void {
    if (ended === undefined || closedAt === undefined || !facts.isLogged) return;
    const { conclusion, endedAt, isUnread } = ended;
    const arrivedAt = Math.round(Date.now() - (now() - arrival.startedAt));
    // The response to a client that still sends its body closes a second after the client has got it: `end-unread.ts`.
    const until = isUnread ? endedAt : closedAt;
    requestLogs.add(toRequestLog({ arrival, facts, conclusion, endedAt, closedAt: until, arrivedAt }));
  }

  response.once('close', () => {
    closedAt = now();
    recordIfOver();
  });
  return (conclusion, endedAt) => {
    ended = { conclusion, endedAt, isUnread: !request.complete };
    recordIfOver();
  };
}
