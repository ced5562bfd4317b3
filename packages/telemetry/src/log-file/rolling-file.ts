import { closeSync, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { type Appender, createAppender } from './appender.ts';
import { makeFolder, rollByDay, rollByNumber, statIfThere } from './file-names.ts';
import { LogFileError } from './log-file-error.ts';
import { createOutage } from './log-outage.ts';

/** A log of bounded size. Several processes may append to the same one. */
export interface RollingFile {
  /** Appends a line, or several with line feeds between them. Never throws: a failing log must not stop the program. */
  write(line: string): void;
  /** Writes everything before it returns, for the exit of the process. */
  flushSync(): void;
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
/** Interval at which a writer looks whether the file has another name by now. */
const lookEveryMs = 1000;
/** Length in characters that may wait for a slow disk. */
const longestWaiting = 16 * 1024 * 1024;
const tooSlow = new Error('the disk is too slow');

/** @throws LogFileError when the file can't be opened */
export function openRollingFile(options: RollingFileOptions): RollingFile {
  const { path, setting, keep, onFailure, maxBytes = usualMaxBytes, againAfterMs = 1000 } = options;
  const { now = () => new Date() } = options;
  const outage = createOutage(path, onFailure);
  const onRollError = once((error: unknown) =>
    onFailure(`The log ${path} can't be rolled (${codeOf(error)}); it continues in the same file.`),
  );
  let failedAtMs: number | undefined;
  const open = (): Part => {
    const opened = openPart(path, now(), (error) => {
      if (opened === part) failedAtMs = now().getTime();
      outage.begin(error);
    });
    return opened;
  };
  const older = createOlderParts();
  let part = openFirst(open, { path, setting });
  let lookedAtMs = now().getTime();
  const isOver = (bytes: number): boolean =>
    part.bytes > 0 && (part.bytes + bytes > maxBytes || ('days' in keep && part.day !== dayOf(now())));

  function passTo(next: Part): void {
    older.add(part);
    part = next;
  }

  function beginAnew(bytes: number): void {
    lookedAtMs = now().getTime();
    // Another process may have rolled the log, or a person moved it: then the file of that name is opened.
    if (!isAt(path, part)) passTo(open());
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
    if (!isOver(bytes) && Math.abs(now().getTime() - lookedAtMs) < lookEveryMs) return;
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
      if (!openAgain() || part.appender.waiting > longestWaiting) {
        outage.begin(tooSlow);
        outage.count();
        return;
      }
      makeRoom(Buffer.byteLength(line) + 1);
      append(part, line, (error) => {
        if (error === undefined) outage.end();
        else outage.count();
      });
    },
    flushSync() {
      older.flushSync();
      part.appender.flushSync();
    },
    end: () => part.appender.end(),
  };
}

function append(part: Part, line: string, done: (error: Error | undefined) => void): void {
  // A full disk may have cut the last line.
  const text = `${part.isTorn ? '\n' : ''}${line}\n`;
  part.bytes += Buffer.byteLength(text);
  part.isTorn = false;
  part.appender.write(text, done);
}

/** Returns whether the file at `path` is the open one, and counts what other processes have written to it. */
function isAt(path: string, part: Part): boolean {
  const [named, { ino, dev, size }] = [statIfThere(path), fstatSync(part.fd)];
  part.bytes = Math.max(part.bytes, size);
  return named?.ino === ino && named.dev === dev;
}

/** @throws LogFileError */
function openFirst(open: () => Part, { path, setting }: Pick<RollingFileOptions, 'path' | 'setting'>): Part {
  try {
    return open();
  } catch (error) {
    const subject = setting === undefined ? '' : `${setting}: `;
    throw new LogFileError(`${subject}The log ${path} can't be written (${codeOf(error)}).`, { cause: error });
  }
}

/** Parts that still have texts to write. */
interface OlderParts {
  add(part: Part): void;
  flushSync(): void;
}

function createOlderParts(): OlderParts {
  const ending = new Set<Appender>();
  return {
    add({ appender, isTorn }) {
      // A line that a full disk has cut ends in its own part.
      if (isTorn) appender.write('\n', () => undefined);
      ending.add(appender);
      appender.end(() => ending.delete(appender));
    },
    flushSync() {
      for (const appender of ending) appender.flushSync();
    },
  };
}

interface Part {
  readonly fd: number;
  readonly appender: Appender;
  /** Day of the part, as in `2026-01-31`. */
  day: string;
  bytes: number;
  /** True if the last line has no line feed. */
  isTorn: boolean;
}

function openPart(path: string, now: Date, onFailure: (error: Error) => void): Part {
  makeFolder(dirname(path));
  const fd = openSync(path, 'a', 0o600);
  const stats = fstatSync(fd);
  const appender = createAppender(fd, onFailure);
  const day = dayOf(stats.size === 0 ? now : stats.mtime);
  return { fd, appender, day, bytes: stats.size, isTorn: isTorn(path, stats) };
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
