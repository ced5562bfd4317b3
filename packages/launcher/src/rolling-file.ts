import { createWriteStream, fstatSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import type { WriteStream } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { hasCode } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';

/** A log that is appended to and does not grow for ever. */
export interface RollingFile {
  write(line: string): void;
  end(): void;
}

export interface RollingFileOptions {
  readonly path: string;
  /** Older parts that are kept: so many (`path.1` is the newest), or those of so many days (`path.2026-01-31`). */
  readonly keep: { readonly files: number } | { readonly days: number };
  /** Told once when it can't be written to any more. */
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
  let part = openPart(path, now(), onFailure);

  function isOver(bytes: number): boolean {
    if (part.bytes === 0) return false;
    return part.bytes + bytes > maxBytes || ('days' in keep && part.day !== dayOf(now()));
  }

  return {
    write(line) {
      const text = `${line}\n`;
      const bytes = Buffer.byteLength(text);
      if (isOver(bytes)) {
        part.stream.end();
        if ('days' in keep) rollByDay(path, { day: part.day, days: keep.days, now: now() });
        else rollByNumber(path, keep.files);
        part = openPart(path, now(), onFailure);
      }
      part.bytes += bytes;
      part.stream.write(text);
    },
    end: () => void part.stream.end(),
  };
}

interface Part {
  readonly stream: WriteStream;
  /** The day of its first line, as in `2026-01-31`. */
  readonly day: string;
  bytes: number;
}

function openPart(path: string, now: Date, onFailure: (text: string) => void): Part {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Opened at once: its name may pass to the next part before a stream would come to open it.
    const fd = openSync(path, 'a', 0o600);
    const { size, mtime } = fstatSync(fd);
    const stream = createWriteStream(path, { fd });
    stream.once('error', (error) => onFailure(`The log ${path} can't be written any more: ${error.message}`));
    stream.on('error', () => {});
    return { stream, day: dayOf(size === 0 ? now : mtime), bytes: size };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new LaunchError(`The log ${path} can't be written (${code}).`);
  }
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
    if (now.getTime() - statSync(part).mtimeMs > days * dayMs) rmSync(part, { force: true });
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

/** In the zone of this machine, as people count days. */
const dayOf = (date: Date): string =>
  [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
