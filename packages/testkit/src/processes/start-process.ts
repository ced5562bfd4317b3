import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { noteRunning } from '../endings/running.ts';
import { until } from '../until.ts';
import { groupWatch } from './group-watch.ts';
import { createOutputTail } from './output-tail.ts';

/** Number of kept characters of output: 1 MB of ASCII. */
const outputLength = 1_000_000;
/** Number of characters of output in an error message. */
const shownLength = 8000;
/** Variables that a process inherits. Others, such as REDIS_URL, would make tests depend on the developer's machine. */
const inheritedNames = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'LC_ALL', 'TZ'] as const;

/** The process that {@link startProcess} starts, and the condition under which it counts as started. */
export interface ProcessOptions {
  readonly command: string;
  readonly args?: readonly string[];
  /** Added to PATH, HOME, TMPDIR, LANG, LC_ALL and TZ, the only inherited variables, and to Node's compile cache. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** User that it runs as, if this process is root's. Default: that of this process. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Called until it returns true; may throw meanwhile. Default: the process is ready when it runs. */
  readonly ready?: (info: ProcessInfo) => boolean | Promise<boolean>;
  /** Default 60,000. */
  readonly readyTimeoutMs?: number;
  /** First signal of `stop()`; default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
  /** Time between that signal and SIGKILL; default 5000. */
  readonly stopGraceMs?: number;
}

/** Id and output of a process. */
export interface ProcessInfo {
  readonly pid: number;
  /** Returns its newest output, stdout and stderr in the order of arrival; at least 1 MB is kept. */
  output(): string;
}

/** The end of a process; one of the two members is null. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process that {@link startProcess} started. */
export interface RunningProcess extends ProcessInfo {
  /** Resolves when it has ended and its output is complete. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal to the process only, not to its group; does nothing after its end. */
  kill(signal: NodeJS.Signals): void;
  /** Ends the process and its group by the stop signal, then by SIGKILL after the grace period; paused processes too. */
  stop(): Promise<ProcessExit>;
}

/**
 * Starts a process as the leader of its own group and resolves when it is ready. Its group is killed when the process ends,
 * when `stop()` is called, and when the calling process ends in any way.
 * @throws Error with the newest output when it can't be started, ends before it is ready, or is not ready in time; then
 * its group is killed too.
 */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const {
    command,
    args = [],
    env = {},
    cwd,
    user,
    ready = () => true,
    readyTimeoutMs = 60_000,
    stopSignal = 'SIGTERM',
    stopGraceMs = 5000,
  } = options;
  const child = spawn(command, args, {
    cwd,
    ...user,
    env: { ...inheritedEnv(), ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail = createOutputTail(outputLength);
  child.stdout.on('data', tail.writer());
  child.stderr.on('data', tail.writer());
  let exit: ProcessExit | undefined;
  const exited = exitOf(child, (seen) => {
    exit = seen;
  });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has no process id.`);
  groupWatch().add(pid);
  void exited.then(noteRunning(`process ${pid}: ${command} ${args.join(' ')}`));

  const running: RunningProcess = {
    pid,
    exited,
    output: () => tail.text(),
    kill(signal) {
      if (exit === undefined) process.kill(pid, signal);
    },
    async stop() {
      if (exit === undefined) {
        signalGroup(pid, stopSignal);
        signalGroup(pid, 'SIGCONT');
        const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), stopGraceMs);
        await exited;
        clearTimeout(timer);
      }
      return exited;
    },
  };
  try {
    await until(async () => exit !== undefined || (await ready(running)), {
      what: `${command} to be ready`,
      timeoutMs: readyTimeoutMs,
    });
  } catch (error) {
    const text = tail.text();
    await running.stop();
    throw withOutput(error instanceof Error ? error.message : String(error), { tail: text, cause: error });
  }
  // It ended during the last check of `ready`. Without `ready`, having run suffices.
  if (exit !== undefined && options.ready !== undefined) {
    await exited;
    throw withOutput(`${command} ${args.join(' ')} ended before it was ready: ${describeExit(exit)}`, {
      tail: tail.text(),
    });
  }
  return running;
}

/** Returns `exit code 1` or `SIGKILL`. */
function describeExit({ code, signal }: ProcessExit): string {
  return signal ?? `exit code ${code}`;
}

async function exitOf(child: ChildProcess, onExit: (exit: ProcessExit) => void): Promise<ProcessExit> {
  const exit = await new Promise<ProcessExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  onExit(exit);
  if (child.pid !== undefined) {
    signalGroup(child.pid, 'SIGKILL');
    groupWatch().remove(child.pid);
  }
  // A grandchild in its own session could keep the pipes open for ever.
  const timer = setTimeout(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  }, 1000);
  if (child.stdout?.closed === false || child.stderr?.closed === false) await once(child, 'close');
  clearTimeout(timer);
  return exit;
}

function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-groupId, signal);
  } catch (error) {
    // ESRCH: the group has ended. EPERM: macOS's answer for a group of zombies.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}

const compileCache = fileURLToPath(new URL('../../../../node_modules/.cache/sluice-tests', import.meta.url));

/**
 * Returns the variable that turns on Node's compile cache; under `npm run coverage` the variable that makes Node write the
 * coverage of a process that ends by itself. Never both: coverage of cached functions is not precise. With the cache a
 * service starts from TypeScript in 0.6 s of CPU, without it in 0.9 s, and most processes of tests are services.
 */
function nodeEnv(): Readonly<Record<string, string>> {
  const coverage = process.env['SLUICE_PROCESS_COVERAGE'];
  return coverage === undefined ? { NODE_COMPILE_CACHE: compileCache } : { NODE_V8_COVERAGE: coverage };
}

function inheritedEnv(): Record<string, string> {
  const own = inheritedNames.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(own), ...nodeEnv() };
}

function withOutput(message: string, { tail, cause }: { tail: string; cause?: unknown }): Error {
  const shown = tail.length > shownLength ? `…${tail.slice(-shownLength)}` : tail;
  return new Error(`${message}\n${shown === '' ? 'It wrote nothing.' : `It wrote:\n${shown}`}`, { cause });
}
