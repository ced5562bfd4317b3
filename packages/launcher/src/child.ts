import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { openLog } from './open-log.ts';
import type { Started } from './started.ts';

const keptLines = 20;
/** Older parts of one program's log, besides the current one. */
const keptFiles = 5;

export interface ChildRequest {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Log to which the child's output is appended. It rolls at 10 MiB; five older parts are kept. */
  readonly logFile: string;
  /** Maximum time that an orderly end may take before the child is killed. */
  readonly graceMs: number;
  /**
   * Gives the child an IPC channel and SLUICE_SUPERVISED=1: a program of ours stops when the channel closes, even if this
   * process is killed.
   */
  readonly isOurs?: boolean;
  readonly onLine?: (line: string) => void;
  /** Called with what a program of ours sends over its channel; what it returns is sent back. */
  readonly onMessage?: (message: unknown) => object | undefined;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** User of the child; only root may name one. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined;
  /** Signals for an orderly end and for one at once. Default: SIGTERM and SIGKILL. */
  readonly signals?: { readonly stop: NodeJS.Signals; readonly kill: NodeJS.Signals };
}

/** A process that runs beside the launcher. */
export interface Child extends Started {
  readonly died: Promise<string>;
}

/** Starts a process and writes its output to a file. A program that can't be run counts as one that died. */
export function startChild(request: ChildRequest): Child {
  const { name, file, args, cwd, account, logFile, graceMs, isOurs = false } = request;
  const { stop, kill } = request.signals ?? { stop: 'SIGTERM', kill: 'SIGKILL' };
  const onFailure = (text: string): void => request.onLine?.(text);
  const log = openLog({ path: logFile, keep: { files: keptFiles }, onFailure });
  const lastLines: string[] = [];
  let isStopping = false;

  const child = spawn(file, args, {
    env: { ...(request.env ?? process.env), ...(isOurs ? { SLUICE_SUPERVISED: '1' } : {}) },
    ...(cwd === undefined ? {} : { cwd }),
    ...account,
    stdio: ['ignore', 'pipe', 'pipe', ...(isOurs ? (['ipc'] as const) : [])],
  });
  const keep = (line: string): void => {
    log.write(line);
    lastLines.push(line);
    if (lastLines.length > keptLines) lastLines.shift();
    request.onLine?.(line);
  };
  for (const output of [child.stdout, child.stderr]) readLines(output, keep);

  child.on('message', (message) => {
    const answer = request.onMessage?.(message);
    // A child that has died meanwhile gets none.
    if (answer !== undefined && child.connected) child.send(answer, () => undefined);
  });

  const died = Promise.withResolvers<string>();
  const ended = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      log.end();
      resolve();
      if (!isStopping) died.resolve([`The ${name} has stopped (${how}). Its last lines:`, ...lastLines].join('\n'));
    };
    child.on('error', (error) => {
      if (child.pid === undefined) end(error.message);
    });
    child.once('close', (code, signal) => {
      if (child.pid !== undefined) end(signal ?? `exit code ${code}`);
    });
  });

  return {
    name,
    pid: child.pid,
    died: died.promise,
    async stop() {
      isStopping = true;
      child.kill(stop);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
    kill() {
      isStopping = true;
      child.kill(kill);
    },
  };
}

function readLines(output: Readable | null, onLine: (line: string) => void): void {
  if (output !== null) createInterface({ input: output }).on('line', onLine);
}
