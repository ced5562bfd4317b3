/** Severity: a `warning` may be intended; with a `problem` Sluice does not work or is not safe. */
export type Level = 'ok' | 'warning' | 'problem';

/** The names of the checks, for machines and in docs/doctor.md. */
export const checkIds = [
  'config',
  'timeouts',
  'machine.node',
  'machine.memory',
  'machine.open_files',
  'files.rights',
  'files.login',
  'redis.dns',
  'redis.connect',
  'redis.tls',
  'redis.login',
  'redis.version',
  'redis.eviction',
  'redis.memory',
  'redis.write',
  'redis.persistence',
  'redis.rights',
  'database.connect',
  'database.login',
  'database.version',
  'database.rights',
  'clock.redis',
  'clock.upstream',
  'upstream.none',
  'upstream.setup',
  'upstream.dns',
  'upstream.connect',
  'upstream.tls',
  'upstream.proxy',
  'upstream.models',
  'upstream.token',
  'upstream.cooldowns',
  'ports',
  'running.ready',
  'running.load',
  'running.memory',
  'doctor',
] as const;

export type CheckId = (typeof checkIds)[number];

/** One finding of the doctor. */
export interface Check {
  readonly id: CheckId;
  readonly level: Level;
  /** A whole sentence or more, for people. */
  readonly text: string;
  /** A sentence that tells the person what to do. */
  readonly advice?: string;
  /** The upstream or credential that the check is about. */
  readonly about?: string;
}

export const ok = (id: CheckId, text: string): Check => ({ id, level: 'ok', text });

export const warning = (id: CheckId, text: string, advice?: string): Check => bad('warning', { id, text, advice });

export const problem = (id: CheckId, text: string, advice?: string): Check => bad('problem', { id, text, advice });

function bad(level: Level, { advice, ...rest }: { id: CheckId; text: string; advice: string | undefined }): Check {
  return { ...rest, level, ...(advice === undefined ? {} : { advice }) };
}
