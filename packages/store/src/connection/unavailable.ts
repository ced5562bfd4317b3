/** Causes for which the database can't answer now, although the question is right. */
export const unavailableReasons = [
  /** No connection, or it broke off. */
  'unreachable',
  /** No answer, no connection or no free connection of the pool in time. */
  'timeout',
  /** The server refuses the user, the password, the database, another connection, or the user's right to do this. */
  'refused',
  /** The server stops, starts, or has no memory or disk left. */
  'not_ready',
  /** The server is a standby, or was made read-only. */
  'read_only',
  /** Another transaction was in the way; the same call may work at once. */
  'conflict',
  /** The migrations have not run. */
  'not_migrated',
] as const;
export type UnavailableReason = (typeof unavailableReasons)[number];

/**
 * Error of every call of a store that the database can't answer now. Its message has neither URL nor password. Other errors of
 * a call, such as a violated constraint, are the driver's own.
 */
export class StoreUnavailable extends Error {
  readonly reason: UnavailableReason;

  constructor(reason: UnavailableReason, message: string) {
    super(`The database is not available (${reason}): ${message}`);
    this.name = 'StoreUnavailable';
    this.reason = reason;
  }
}

/** Error classes and codes of PostgreSQL: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const reasonsByState: readonly (readonly [start: string, reason: UnavailableReason])[] = [
  ['08', 'unreachable'],
  ['25006', 'read_only'],
  ['25P03', 'timeout'],
  ['28', 'refused'],
  ['3D000', 'refused'],
  ['40', 'conflict'],
  ['42501', 'refused'],
  ['42P01', 'not_migrated'],
  ['42703', 'not_migrated'],
  ['53300', 'refused'],
  ['53', 'not_ready'],
  ['55P03', 'conflict'],
  ['57014', 'timeout'],
  ['57P', 'not_ready'],
  ['58', 'not_ready'],
];

/** Classes of errors that the data of a call causes: it would fail again. */
const dataErrors = /^(22|23|54)/;

/** Returns whether the database refuses the data themselves: a value out of range, a broken constraint, a text too long. */
export const isRefusedData = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && dataErrors.test(error.code);

const systemCode = /^E[A-Z]+(_[A-Z]+)*$/;
/** Messages of the driver's own errors, which have no code. */
const driverTimeouts = /^(timeout exceeded|Query read timeout|Connection terminated due to connection timeout)/i;
const driverBreaks =
  /^(Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool|The server does not support SSL)/i;

/** Turns an error of the driver that means "not now" into a StoreUnavailable; returns all others as they are. */
export function toStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error;
  const { message } = error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  const reason = reasonOf(message, code);
  if (reason === undefined) return error;
  // Node's message of a failed connection to several addresses is empty.
  return new StoreUnavailable(reason, message === '' ? (code ?? 'no answer') : message);
}

function reasonOf(message: string, code: string | undefined): UnavailableReason | undefined {
  if (driverTimeouts.test(message)) return 'timeout';
  if (driverBreaks.test(message)) return 'unreachable';
  if (code === undefined) return undefined;
  const known = reasonsByState.find(([start]) => code.startsWith(start));
  if (known !== undefined) return known[1];
  return systemCode.test(code) ? 'unreachable' : undefined;
}
