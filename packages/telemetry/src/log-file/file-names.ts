import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const dayMs = 86_400_000;

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

/**
 * Creates a folder that a person has named, and its parents. Node's own `recursive` never returns when a parent exists
 * and no folder can be created in it, as in /proc.
 */
export function makeFolder(path: string): void {
  const above = dirname(path);
  if (statIfThere(path)?.isDirectory() === true) return;
  if (above !== path) makeFolder(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!hasCode(error, 'EEXIST') || statIfThere(path)?.isDirectory() !== true) throw error;
  }
}

export function rollByNumber(path: string, files: number): void {
  rmSync(`${path}.${files}`, { force: true });
  for (let at = files - 1; at >= 1; at -= 1) renameIfThere(`${path}.${at}`, `${path}.${at + 1}`);
  renameIfThere(path, `${path}.1`);
}

export interface DayRoll {
  /** Day of the part, as in `2026-01-31`. */
  readonly day: string;
  /** Days for which older parts are kept. */
  readonly days: number;
  readonly now: Date;
}

/** Renames the part and removes old ones. Several processes may do so with the same file at once. */
export function rollByDay(path: string, { day, days, now }: DayRoll): void {
  const name = takeName(`${path}.${day}`);
  // The empty file that holds the name is replaced.
  if (!renameIfThere(path, name)) rmSync(name, { force: true });
  for (const part of partsOf(path)) {
    const stats = statIfThere(part);
    if (stats !== undefined && now.getTime() - stats.mtimeMs > days * dayMs) rmSync(part, { force: true });
  }
}

/** Returns a name that no other process uses: this one has created an empty file there. */
function takeName(wanted: string): string {
  let name = wanted;
  for (let at = 2; ; at += 1) {
    try {
      closeSync(openSync(name, 'wx', 0o600));
      return name;
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
      name = `${wanted}.${at}`;
    }
  }
}

/** Returns the older parts that `rollByDay` has named. */
function partsOf(path: string): string[] {
  const begin = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(begin) && /^\d{4}-\d\d-\d\d(?:\.\d+)?$/.test(name.slice(begin.length)))
    .map((name) => join(dirname(path), name));
}

/** Returns false if there is no such file. */
function renameIfThere(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return false;
  }
}

/** Returns undefined if there is nothing at this path. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
