/** The outboxes in Redis, in the order in which they are written to the database. */
export const streamNames = ['ledger', 'attempts', 'logs', 'bodies'] as const;
export type StreamName = (typeof streamNames)[number];

/** Lag of an outbox. */
export interface StreamLag {
  /** Batches that wait in Redis. */
  readonly batches: number;
  readonly oldestAgeMs: number;
}

/** State that a recorder tells its ingress, once a second. Counts are from the start of the thread. */
export interface RecorderState {
  /** This recorder is the one of the fleet that writes. */
  readonly isRunner: boolean;
  readonly isDatabaseUp: boolean;
  /** Time that the latest answer of the database took; absent before the first. */
  readonly databaseAnswerMs?: number | undefined;
  /** Absent while Redis is away. */
  readonly lag: Readonly<Partial<Record<StreamName, StreamLag>>>;
  /** Entries that the database got. */
  readonly written: Readonly<Record<StreamName, number>>;
  /** Entries that can't be written. */
  readonly skipped: Readonly<Record<StreamName, number>>;
  /** Requests whose cost is not the sum of their attempts' costs. */
  readonly imbalanced: number;
}

export type LogLevel = 'info' | 'warn' | 'error';

/** Message of the recorder's thread to the ingress. */
export type RecorderMessage =
  | { readonly kind: 'state'; readonly state: RecorderState }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly text: string;
      readonly fields: Readonly<Record<string, unknown>>;
    };

/** Message of the ingress to the recorder's thread. */
export interface StopMessage {
  readonly kind: 'stop';
}

/** Logs in the name of the recorder. */
export type Log = (level: LogLevel, text: string, fields?: Readonly<Record<string, unknown>>) => void;

export const noCounts = (): Record<StreamName, number> => ({ ledger: 0, attempts: 0, logs: 0, bodies: 0 });
