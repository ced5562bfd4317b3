import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ProcessRequest {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Signal that ends the program; default: SIGTERM. */
  readonly endBy?: NodeJS.Signals;
}

/** A group of programs, which end in the reverse order of their start. */
export interface Processes {
  start(request: ProcessRequest): ChildProcess;
  /** The last lines that a program has logged. */
  tail(name: string): string;
  stop(): Promise<void>;
}

const graceMs = 15_000;

/** Keeps the log of each program as a file in `folder`. The programs have a low priority: other work may measure here. */
export function createProcesses(folder: string): Processes {
  const running: { readonly child: ChildProcess; readonly signal: NodeJS.Signals }[] = [];
  const logOf = (name: string): string => join(folder, `${name}.log`);
  return {
    start({ name, file, args, env, cwd = folder, endBy: signal = 'SIGTERM' }) {
      const log = openSync(logOf(name), 'a');
      const child = spawn('nice', ['-n', '5', file, ...args], {
        cwd,
        env: { ...process.env, ...env },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      running.push({ child, signal });
      return child;
    },
    tail: (name) => readFileSync(logOf(name), 'utf8').split('\n').slice(-30).join('\n'),
    async stop() {
      for (const { child, signal } of running.toReversed()) await end(child, signal);
      running.length = 0;
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await promise;
  clearTimeout(timer);
}
