import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandFailed, Interrupted } from './launch-error.mjs';
import { onStopSignal } from './signals.mjs';

const keptLines = 60;

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {readonly string[]} args
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [uid] user of the command, which only root may choose
 * @property {number} [gid]
 */

/**
 * Runs a command and shows its output only if it fails. A stop signal ends it.
 *
 * @param {Command & { onLine?: (line: string) => void, timeoutMs?: number }} command
 * @returns {Promise<string>} stdout and stderr together
 * @throws {CommandFailed} when it can't be started, takes longer than `timeoutMs` or exits with anything but 0
 * @throws {Interrupted}
 */
export async function runQuietly({ file, args, cwd, env, uid, gid, onLine, timeoutMs }) {
  const child = spawn(file, args, {
    cwd,
    env,
    uid,
    gid,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let isInterrupted = false;
  const stopListening = onStopSignal(() => {
    child.kill(isInterrupted ? 'SIGKILL' : 'SIGTERM');
    isInterrupted = true;
  });
  let output = '';
  /** @param {string} text */
  const take = (text) => {
    output += text;
    onLine?.(
      text
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1) ?? '',
    );
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  try {
    const ending = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(signal ?? code));
    });
    if (ending === 0 && !isInterrupted) return output;
    if (isInterrupted) throw new Interrupted();
    throw new CommandFailed(describeFailure({ file, args, ending, output }));
  } catch (error) {
    if (error instanceof CommandFailed || error instanceof Interrupted) throw error;
    throw new CommandFailed(`${file} can't be run: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    stopListening();
  }
}

/** @param {{ file: string, args: readonly string[], ending: number | string, output: string }} run */
function describeFailure({ file, args, ending, output }) {
  const how = typeof ending === 'number' ? `exit code ${ending}` : `ended by ${ending}`;
  const lines = output.trimEnd().split('\n').slice(-keptLines);
  return [`${[file, ...args].join(' ')} failed (${how})`, ...lines].join('\n');
}

/**
 * Runs a command with this terminal until it ends. The command runs in its own session, so that Ctrl-C reaches it only
 * through this process, and once. If this process is killed, the command's IPC channel closes, and because of
 * SLUICE_SUPERVISED=1 it stops by itself.
 *
 * @param {Command} command
 * @returns {Promise<number>} its exit code; 128 + n if signal n ended it
 */
export async function runInForeground({ file, args, cwd, env }) {
  const child = spawn(file, args, {
    cwd,
    env: { ...(env ?? process.env), SLUICE_SUPERVISED: '1' },
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  // Services drain on SIGTERM and SIGINT; SIGHUP would end them at once.
  const stopListening = onStopSignal((signal) => child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal));
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]));
    });
  } finally {
    stopListening();
  }
}
