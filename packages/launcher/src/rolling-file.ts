import {
  closeSync,
  createWriteStream,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  type WriteStream,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasCode, makeFolder } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';
import { createOutage } from './log-outage.ts';

/** A log that is appended to and does not grow for ever. Several processes may write to one. */
export interface RollingFile {
  /** Never throws: a log that can't be written must not stop what is logged. */
  write(line: string): void;
  end(): void;
}

export interface RollingFileOptions {
  readonly path: string;
  /** The setting that names it, for messages; absent for one of our own. */
  readonly setting?: string | undefined;
  /** Older parts that are kept: so many (`path.1` is the newest), or those of so many days (`path.2026-01-31`). */
  readonly keep: { readonly files: number } | { readonly days: number };
  /** Told once when it can't be written to any more, once when it can be again, and once when it can't begin anew. */
  readonly onFailure: (text: string) => void;
  /** Size at which it begins anew. Default 10 MiB. */
  readonly maxBytes?: number;
  /** While it can't be written to, it is opened again at the first line after so long. Default 1 s. */
  readonly againAfterMs?: number;
  /** Default: the clock of this machine. */
  readonly now?: () => Date;
}

const usualMaxBytes = 10 * 1024 * 1024;
const dayMs = 86_400_000;

/** @throws LaunchError when it can't be opened */
export function openRollingFile(options: RollingFileOptions): RollingFile {
  const { path, setting, keep, onFailure, maxBytes = usualMaxBytes, againAfterMs = 1000 } = options;
  const { now = () => new Date() } = options;
  const outage = createOutage(path, onFailure);
  const onRollError = once((error: unknown) =>
    onFailure(`The log ${path} can't begin anew (${codeOf(error)}); its lines go on where they went.`),
  );
  let failedAtMs: number | undefined;
  const open = (): Part => {
    const opened = openPart(path, now());
    opened.stream.on('error', (error) => {
      if (opened === part) failedAtMs = now().getTime();
      outage.begin(error);
    });
    return opened;
  };
  let part = openFirst(open, { path, setting });
  const isOver = (bytes: number): boolean =>
    part.bytes > 0 && (part.bytes + bytes > maxBytes || ('days' in keep && part.day !== dayOf(now())));

  function passTo(next: Part): void {
    part.stream.end();
    part = next;
  }

  function beginAnew(bytes: number): void {
    // Another writer may have begun it anew already, or somebody has removed it: then this one follows.
    if (!isAt(path, part.fd)) passTo(open());
    if (!isOver(bytes)) return;
    if ('days' in keep) rollByDay(path, { day: part.day, days: keep.days, now: now() });
    else rollByNumber(path, keep.files);
    passTo(open());
  }

  /** A stream that has failed, on a full disk for one, takes nothing any more. */
  function openAgain(): boolean {
    if (failedAtMs === undefined) return true;
    if (Math.abs(now().getTime() - failedAtMs) < againAfterMs) return false;
    try {
      part = open();
      failedAtMs = undefined;
      return true;
    } catch (error) {
      failedAtMs = now().getTime();
      outage.begin(error);
      return false;
    }
  }

  function makeRoom(bytes: number): void {
    if (!isOver(bytes)) return;
    try {
      beginAnew(bytes);
    } catch (error) {
      onRollError(error);
      // Tried again after as much again, not at every line.
      part.day = dayOf(now());
      part.bytes = 0;
    }
  }

  return {
    write(line) {
      if (!openAgain()) {
        outage.count();
        return;
      }
      // The disk may have been full in the middle of a line.
      const text = `${part.isTorn ? '\n' : ''}${line}\n`;
      const bytes = Buffer.byteLength(text);
      makeRoom(bytes);
      part.bytes += bytes;
      part.isTorn = false;
      part.stream.write(text, (error) => {
        if (error == null) outage.end();
        else outage.count();
      });
    },
    end: () => void part.stream.end(),
  };
}

/** @throws LaunchError */
function openFirst(open: () => Part, { path, setting }: Pick<RollingFileOptions, 'path' | 'setting'>): Part {
  try {
    return open();
  } catch (error) {
    const subject = setting === undefined ? '' : `${setting}: `;
    throw new LaunchError(`${subject}The log ${path} can't be written (${codeOf(error)}).`, { cause: error });
  }
}

interface Part {
  readonly fd: number;
  readonly stream: WriteStream;
  /** The day of its first line, as in `2026-01-31`. */
  day: string;
  bytes: number;
  /** Its last line has no end. */
  isTorn: boolean;
}

function openPart(path: string, now: Date): Part {
  makeFolder(dirname(path));
  // Opened at once: its name may pass to the next part before a stream would come to open it.
  const fd = openSync(path, 'a', 0o600);
  const stats = fstatSync(fd);
  const stream = createWriteStream(path, { fd });
  const day = dayOf(stats.size === 0 ? now : stats.mtime);
  return { fd, stream, day, bytes: stats.size, isTorn: isTorn(path, stats) };
}

/** A file that may be written and not read counts as whole. */
function isTorn(path: string, stats: Stats): boolean {
  if (!stats.isFile() || stats.size === 0) return false;
  try {
    const fd = openSync(path, 'r');
    try {
      const last = Buffer.alloc(1);
      return readSync(fd, last, 0, 1, stats.size - 1) === 1 && last.toString() !== '\n';
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** @returns false too when nothing is at `path` */
function isAt(path: string, fd: number): boolean {
  const [named, opened] = [statIfThere(path), fstatSync(fd)];
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

function rollByNumber(path: string, files: number): void {
  rmSync(`${path}.${files}`, { force: true });
  for (let at = files - 1; at >= 1; at -= 1) renameIfThere(`${path}.${at}`, `${path}.${at + 1}`);
  renameIfThere(path, `${path}.1`);
}

interface DayRoll {
  readonly day: string;
  readonly days: number;
  readonly now: Date;
}

function rollByDay(path: string, { day, days, now }: DayRoll): void {
  const parts = partsOf(path);
  let name = `${path}.${day}`;
  for (let at = 2; parts.includes(name); at += 1) name = `${path}.${day}.${at}`;
  renameIfThere(path, name);
  for (const part of partsOf(path)) {
    const stats = statIfThere(part);
    if (stats !== undefined && now.getTime() - stats.mtimeMs > days * dayMs) rmSync(part, { force: true });
  }
}

/** The older parts, as `rollByDay` names them. */
function partsOf(path: string): string[] {
  const begin = `${basename(path)}.`;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(begin) && /^\d{4}-\d\d-\d\d(?:\.\d+)?$/.test(name.slice(begin.length)))
    .map((name) => join(dirname(path), name));
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function once(tell: (error: unknown) => void): (error: unknown) => void {
  let isTold = false;
  return (error) => {
    if (isTold) return;
    isTold = true;
    tell(error);
  };
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error);

/** In the zone of this machine, as people count days. */
const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
