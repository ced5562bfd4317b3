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

/** A log of bounded size. Several processes may append to the same one. */
export interface RollingFile {
  /** Appends a line. Never throws: a failing log must not stop the program. */
  write(line: string): void;
  end(): void;
}

export interface RollingFileOptions {
  readonly path: string;
  /** The setting of the path, for messages; absent for the launcher's own logs. */
  readonly setting?: string | undefined;
  /** Older parts to keep: a number of files (`path.1` is the newest), or those of some days (`path.2026-01-31`). */
  readonly keep: { readonly files: number } | { readonly days: number };
  /** Called when writing fails, when it works again, and once when the log can't roll. */
  readonly onFailure: (text: string) => void;
  /** Size at which the log rolls. Default 10 MiB. */
  readonly maxBytes?: number;
  /** After a failure, the first line after this time opens the file again. Default 1 s. */
  readonly againAfterMs?: number;
  /** Clock. Default: that of this machine. */
  readonly now?: () => Date;
}

const usualMaxBytes = 10 * 1024 * 1024;
const dayMs = 86_400_000;

/** @throws LaunchError when the file can't be opened */
export function openRollingFile(options: RollingFileOptions): RollingFile {
  const { path, setting, keep, onFailure, maxBytes = usualMaxBytes, againAfterMs = 1000 } = options;
  const { now = () => new Date() } = options;
  const outage = createOutage(path, onFailure);
  const onRollError = once((error: unknown) =>
    onFailure(`The log ${path} can't be rolled (${codeOf(error)}); it continues in the same file.`),
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
    // A line that a full disk has cut ends in its own part.
    part.stream.end(part.isTorn ? '\n' : '');
    part = next;
  }

  function beginAnew(bytes: number): void {
    // Another writer may have rolled the log, or a person removed it: then the file of that name is opened.
    if (!isAt(path, part.fd)) passTo(open());
    if (!isOver(bytes)) return;
    if ('days' in keep) rollByDay(path, { day: part.day, days: keep.days, now: now() });
    else rollByNumber(path, keep.files);
    passTo(open());
  }

  /** Opens the file again after a failure such as a full disk: a stream that has failed accepts no more writes. */
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
      // The next attempt follows after another `maxBytes` or the next day, not at every line.
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
      makeRoom(Buffer.byteLength(line) + 1);
      // A full disk may have cut the last line.
      const text = `${part.isTorn ? '\n' : ''}${line}\n`;
      part.bytes += Buffer.byteLength(text);
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
  /** Day of the part, as in `2026-01-31`. */
  day: string;
  bytes: number;
  /** True if the last line has no line feed. */
  isTorn: boolean;
}

function openPart(path: string, now: Date): Part {
  makeFolder(dirname(path));
  // Opened synchronously: a stream opens later, when the name may already belong to the next part.
  const fd = openSync(path, 'a', 0o600);
  const stats = fstatSync(fd);
  const stream = createWriteStream(path, { fd });
  const day = dayOf(stats.size === 0 ? now : stats.mtime);
  return { fd, stream, day, bytes: stats.size, isTorn: isTorn(path, stats) };
}

/** Returns whether the last line has no line feed; false for a file that can't be read. */
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

/** Returns whether the file at `path` is the open one; false if there is no file. */
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

/** Returns the older parts that `rollByDay` has named. */
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

/** Returns the date in the time zone of this machine. */
const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
