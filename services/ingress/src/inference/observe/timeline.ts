import type { Timeline } from '@sluice/records';

/** Points in time of one request, in monotonic ms. A request that ends early lacks the later ones. */
export interface Marks {
  readonly arrivedAt: number;
  /** The client key is known. */
  readonly keyAt: number | undefined;
  /** The body is read and checked. */
  readonly bodyAt: number | undefined;
  readonly admittedAt: number | undefined;
  /** A worker has the request, for the first time. */
  readonly workerAt: number | undefined;
  /** The first piece of the answer has arrived. */
  readonly firstAt: number | undefined;
  /** Time (ms) on the way from the worker: of the first piece, and of the last one or the error. */
  readonly firstRelayMs: number;
  readonly lastRelayMs: number;
  /** The last piece of the answer, or the error, is written. */
  readonly endedAt: number;
  /** The client has taken the last byte, or has left. */
  readonly closedAt: number;
}

const microseconds = (ms: number): number => Math.round(ms * 1000);

/** Returns the parts between the marks. The time after the last mark that was reached belongs to the part that follows it. */
export function toTimeline(marks: Marks): { readonly timeline: Timeline; readonly durationMs: number } {
  const { arrivedAt, keyAt, bodyAt, admittedAt, workerAt, firstAt, firstRelayMs, endedAt, lastRelayMs, closedAt } =
    marks;
  const until = microseconds(closedAt - arrivedAt);
  let last = 0;
  /** Returns the time from the last mark to this one. */
  function part(at: number): number {
    const reached = Math.min(until, Math.max(last, microseconds(at - arrivedAt)));
    const length = reached - last;
    last = reached;
    return length / 1000;
  }
  const lastSentAt = endedAt - lastRelayMs;
  const parts = {
    auth: part(keyAt ?? endedAt),
    body: part(bodyAt ?? endedAt),
    admission: part(admittedAt ?? endedAt),
    queue: part(workerAt ?? lastSentAt),
    attempts: part(firstAt === undefined ? lastSentAt : firstAt - firstRelayMs),
  };
  const relayOfFirst = part(firstAt ?? endedAt);
  const stream = part(lastSentAt);
  const relay = (microseconds(relayOfFirst) + microseconds(part(endedAt))) / 1000;
  return { timeline: { ...parts, stream, relay, client: part(closedAt) }, durationMs: until / 1000 };
}
