import { createWriteStream, fstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { Stats, WriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';

/** A log that is appended to and does not grow for ever. Several processes may write to one. */
export interface RollingFile {
  /** Never throws: a log that can't be written must not stop what is logged. */
  write(line: string): void;
  end(): void;
}

export interface RollingFileOptions {
  readonly path: string;
  /** Older parts that are kept: so many (`path.1` is the newest), or those of so many days (`path.2026-01-31`). */
  readonly keep: { readonly files: number } | { readonly days: number };
  /** Told once when it can't be written to any more, and once when it can't begin anew. */
  readonly onFailure: (text: string) => void;
  /** Size at which it begins anew. Default 10 MiB. */
  readonly maxBytes?: number;
  /** Default: the clock of this machine. */
  readonly now?: () => Date;
}

const usualMaxBytes = 10 * 1024 * 1024;
const dayMs = 86_400_000;

/** @throws LaunchError when it can't be opened */
export function openRollingFile(options: RollingFileOptions): RollingFile {
  const { path, keep, onFailure, maxBytes = usualMaxBytes, now = () => new Date() } = options;
  const onWriteError = once((error: unknown) =>
    onFailure(`The log ${path} can't be written any more: ${error instanceof Error ? error.message : String(error)}`),
  );
  const onRollError = once((error: unknown) =>
    onFailure(`The log ${path} can't begin anew (${codeOf(error)}); its lines go on where they went.`),
  );
  const open = (): Part => {
    try {
      return openPart(path, now(), onWriteError);
    } catch (error) {
      throw new LaunchError(`The log ${path} can't be written (${codeOf(error)}).`);
    }
  };
  let part = open();

  function isOver(bytes: number): boolean {
    if (part.bytes === 0) return false;
    return part.bytes + bytes > maxBytes || ('days' in keep && part.day !== dayOf(now()));
  }

  function passTo(next: Part): void {
    part.stream.end();
    part = next;
  }

  function beginAnew(bytes: number): void {
    // Another writer may have begun it anew already, or somebody has removed it: then this one follows.
    if (!isAt(path, part.fd)) passTo(openPart(path, now(), onWriteError));
    if (!isOver(bytes)) return;
    if ('days' in keep) rollByDay(path, { day: part.day, days: keep.days, now: now() });
    else rollByNumber(path, keep.files);
    passTo(openPart(path, now(), onWriteError));
  }

  return {
    write(line) {
      const text = `${line}\n`;
      const bytes = Buffer.byteLength(text);
      if (isOver(bytes)) {
        try {
          beginAnew(bytes);
        } catch (error) {
          onRollError(error);
          // Tried again after as much again, not at every line.
          part = { ...part, day: dayOf(now()), bytes: 0 };
        }
      }
      part.bytes += bytes;
      part.stream.write(text);
    },
    end: () => void part.stream.end(),
  };
}

interface Part {
  readonly fd: number;
  readonly stream: WriteStream;
  /** The day of its first line, as in `2026-01-31`. */
  readonly day: string;
  bytes: number;
}

function openPart(path: string, now: Date, onError: (error: unknown) => void): Part {
  mkdirSync(dirname(path), { recursive: true });
  // Opened at once: its name may pass to the next part before a stream would come to open it.
  const fd = openSync(path, 'a', 0o600);
  const { size, mtime } = fstatSync(fd);
  const stream = createWriteStream(path, { fd });
  stream.on('error', onError);
  return { fd, stream, day: dayOf(size === 0 ? now : mtime), bytes: size };
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
