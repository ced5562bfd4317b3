/** A point in time on two clocks. */
export interface Moment {
  /** Milliseconds of the simulator's monotonic clock (`performance.now()`), for durations. */
  readonly clockMs: number;
  /** Milliseconds since 1970, with a fraction, for comparisons with other processes. */
  readonly wallMs: number;
}

/**
 * Outcome of a call. `finished`: answered as a provider would, even with an error. `aborted`: the peer closed first.
 * `faulted`: a directive's fault took effect (including an `e503`), or the simulator closed the connection.
 */
export type CallOutcome = 'open' | 'finished' | 'aborted' | 'faulted';

/** One call, as the simulator received and answered it. */
export interface CallRecord {
  readonly id: string;
  /** Time at which the request line and headers had been read, in ms since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Query, as sent; empty if there is none. */
  readonly query: string;
  /** Requested model, directives included; empty if the call names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The key as sent, without `Bearer`; empty if there is none. */
  readonly credential: string;
  /** All headers, with names in lower case; values of a repeated header are joined by a comma and a space. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KB of the body; empty for old calls when bodies take more than 64 MB together. */
  readonly body: string;
  /** Equal for calls with the same messages and model (without directives). */
  readonly conversation: string;
  /** The directives that applied, lowest precedence first. */
  readonly directives: string;
  /** Null until a status line is sent. */
  readonly status: number | null;
  readonly outcome: CallOutcome;
  /** Tokens written to the socket, over all choices, reasoning included. */
  readonly tokensSent: number;
  readonly startedAt: Moment;
  readonly firstTokenAt: Moment | null;
  /** Time at which the whole answer was passed to the kernel, or the connection ended. */
  readonly endedAt: Moment | null;
  /** Time at which the peer was found to have closed first. */
  readonly abortedAt: Moment | null;
}

/** Counts of calls. */
export interface CallCounts {
  readonly total: number;
  readonly open: number;
  /** Maximum number of calls open at the same time. */
  readonly peakOpen: number;
}

/** Counts since the start or the last reset; calls open at a reset remain counted as open. */
export interface CallStats extends CallCounts {
  readonly aborted: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byCredential: Readonly<Record<string, CallCounts>>;
}

/** Returns the current time on both clocks. */
export function momentNow(): Moment {
  const clockMs = performance.now();
  return { clockMs, wallMs: performance.timeOrigin + clockMs };
}
