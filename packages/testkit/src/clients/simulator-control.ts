/** A point in time on both clocks of the simulator. */
export interface SimulatorMoment {
  /** Milliseconds of its monotonic clock, for durations. */
  readonly clockMs: number;
  /** Milliseconds since 1970, with a fraction, to compare with other processes. */
  readonly wallMs: number;
}

/** `finished`: answered as a provider would. `aborted`: the peer closed first. `faulted`: a fault took effect. */
export type CallOutcome = 'open' | 'finished' | 'aborted' | 'faulted';

/** One call as the simulator saw it. */
export interface CallRecord {
  readonly id: string;
  /** Time at which its head was read, in milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Query after the `?`, as sent. */
  readonly query: string;
  /** Model as sent, directives included. */
  readonly model: string;
  readonly stream: boolean;
  /** The key as sent, without `Bearer`. */
  readonly credential: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The first 64 KB. */
  readonly body: string;
  /** Equal for calls with the same messages and model. */
  readonly conversation: string;
  /** The directives that applied, lowest precedence first. */
  readonly directives: string;
  /** Null until a status line is sent. */
  readonly status: number | null;
  readonly outcome: CallOutcome;
  readonly tokensSent: number;
  readonly startedAt: SimulatorMoment;
  readonly firstTokenAt: SimulatorMoment | null;
  readonly endedAt: SimulatorMoment | null;
  /** Moment at which the simulator saw that the peer had closed first. */
  readonly abortedAt: SimulatorMoment | null;
}

/** Counts of calls since the start or the last reset. */
export interface CallCounts {
  readonly total: number;
  readonly open: number;
  /** Maximum number of calls open at once. */
  readonly peakOpen: number;
}

/** Counts over all calls, and for each credential. */
export interface SimulatorStats extends CallCounts {
  readonly aborted: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byCredential: Readonly<Record<string, CallCounts>>;
}

/** A rule that gives calls a behaviour. */
export interface SimulatorRule {
  /** Every condition must match; without conditions the rule matches every call. */
  readonly match?: {
    /** The whole name, or its beginning and `*`. */
    readonly model?: string;
    readonly credential?: string;
    /** A text that the body contains. */
    readonly contains?: string;
  };
  /** Number of calls that it applies to; default: all. */
  readonly times?: number;
  /** Number of matching calls that it skips first. */
  readonly skip?: number;
  /** Directives, as in a model name: `e503-r2`. */
  readonly directives: string;
}

/** The simulator's control API. Every method throws an Error with the simulator's message when the simulator refuses. */
export interface SimulatorControl {
  /** Returns all calls, oldest first. */
  calls(): Promise<readonly CallRecord[]>;
  stats(): Promise<SimulatorStats>;
  /** Appends rules. */
  script(rules: readonly SimulatorRule[]): Promise<void>;
  /** Clears calls, counts and rules; running calls continue. */
  reset(): Promise<void>;
  /** Cuts all connections and refuses new ones for `ms`. */
  refuse(ms: number): Promise<void>;
}

/** Returns the control of the simulator at a base URL without a path. */
export function simulatorControl(url: string): SimulatorControl {
  async function ask(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(url + path, {
      method,
      // `refuse` would cut a pooled connection, and the next call with it.
      headers: { connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${method} ${path}: ${text}`);
    return JSON.parse(text);
  }

  return {
    calls: async () => (await ask('GET', '/_sim/calls')) as readonly CallRecord[],
    stats: async () => (await ask('GET', '/_sim/stats')) as SimulatorStats,
    async script(rules) {
      await ask('POST', '/_sim/script', { rules: rules.map((rule) => ({ match: {}, ...rule })) });
    },
    async reset() {
      await ask('DELETE', '/_sim/calls');
      await ask('DELETE', '/_sim/script');
    },
    async refuse(ms) {
      await ask('POST', '/_sim/refuse', { ms });
    },
  };
}
