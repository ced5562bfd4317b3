/** How bad it is: a `warning` may be meant so, with a `problem` Sluice can't do its work or is not safe. */
export type Level = 'ok' | 'warning' | 'problem';

/** One finding of the doctor. */
export interface Check {
  /** Names the check for machines and in docs/doctor.md: `redis.eviction`, `upstream.models`. */
  readonly id: string;
  readonly level: Level;
  /** A whole sentence or more, for people. */
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The upstream or credential that the check is about. */
  readonly about?: string;
}

export const ok = (id: string, text: string): Check => ({ id, level: 'ok', text });

export const warning = (id: string, text: string, advice?: string): Check => bad('warning', { id, text, advice });

export const problem = (id: string, text: string, advice?: string): Check => bad('problem', { id, text, advice });

function bad(level: Level, { advice, ...rest }: { id: string; text: string; advice: string | undefined }): Check {
  return { ...rest, level, ...(advice === undefined ? {} : { advice }) };
}
