/** A point in time on both clocks. */
export interface Moment {
  /** Milliseconds of the simulator's monotonic clock (`performance.now()`): for spans. */
  readonly clockMs: number;
  /** Milliseconds since 1970, with a fraction: to compare with other processes. */
  readonly wallMs: number;
}

/**
 * The way a call ended. `finished`: answered as a provider would, even with an error. `aborted`: the peer closed first.
 * `faulted`: a directive's fault took effect (an `e503` too), or the simulator closed the connection.
 */
export type CallOutcome = 'open' | 'finished' | 'aborted' | 'faulted';

/** One call as the simulator saw it. */
export interface CallRecord {
  readonly id: string;
  /** The time when the request line and headers had been read: milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Behind the path's `?`, as sent; empty where there is none. */
  readonly query: string;
  /** As asked for, directives included; empty where a call names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The key as sent, without `Bearer`; empty when none came. */
  readonly credential: string;
  /** All headers, names in lower case; values of a repeated header joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KB of the body; empty for old calls once bodies take more than 64 MB together. */
  readonly body: string;
  /** The same for calls with the same messages and model (directives aside). */
  readonly conversation: string;
  /** The directives that applied, lowest precedence first. */
  readonly directives: string;
  /** Null until a status line was sent. */
  readonly status: number | null;
  readonly outcome: CallOutcome;
  /** Tokens handed to the socket, over all choices, reasoning included. */
  readonly tokensSent: number;
  readonly startedAt: Moment;
  readonly firstTokenAt: Moment | null;
  /** The moment when the answer was handed to the kernel in full, or the connection ended. */
  readonly endedAt: Moment | null;
  /** The moment when the peer was seen to have closed first. */
  readonly abortedAt: Moment | null;
}

/** Counts of calls. */
export interface CallCounts {
  readonly total: number;
  readonly open: number;
  /** The most that were open at once. */
  readonly peakOpen: number;
}

/** Counts since the start or the last clearing; calls then open stay counted as open. */
export interface CallStats extends CallCounts {
  readonly aborted: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byCredential: Readonly<Record<string, CallCounts>>;
}

/** Now, on both clocks. */
export function momentNow(): Moment {
  const clockMs = performance.now();
  return { clockMs, wallMs: performance.timeOrigin + clockMs };
}
