import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningProcess, startProcess } from '../processes/start-process.ts';
import { httpStatus } from './http-status.ts';

/** A Node program that listens, and the URL of its readiness check. */
export interface NodeServiceOptions {
  /** Node's arguments, the program included. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Content of the file that SLUICE_CONFIG names. Without it the variable is not set. */
  readonly config?: object | undefined;
  /** URL that answers a GET with 200 when the program is ready. */
  readonly readyUrl: string;
  readonly readyTimeoutMs?: number | undefined;
  /** Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals;
}

/**
 * Runs a program under the Node of this process, in its own empty directory, so that it finds no other `sluice.yaml`. The
 * directory is removed when the program ends.
 * @throws Error as {@link startProcess} does.
 */
export async function startNodeService(options: NodeServiceOptions): Promise<RunningProcess> {
  const { args, env, config, readyUrl, readyTimeoutMs, stopSignal } = options;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-service-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const running = await startProcess({
      command: process.execPath,
      args,
      cwd: directory,
      env: {
        ...(config === undefined ? {} : { SLUICE_CONFIG: await writeConfig(directory, config) }),
        ...env,
      },
      ready: async () => (await httpStatus(readyUrl)) === 200,
      ...(readyTimeoutMs === undefined ? {} : { readyTimeoutMs }),
      ...(stopSignal === undefined ? {} : { stopSignal }),
    });
    const exited = running.exited.then(async (exit) => {
      await remove();
      return exit;
    });
    return {
      ...running,
      exited,
      async stop() {
        await running.stop();
        return exited;
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Writes the configuration as JSON, which every YAML parser reads. */
async function writeConfig(directory: string, config: object): Promise<string> {
  const path = join(directory, 'sluice.yaml');
  await writeFile(path, JSON.stringify(config, null, 2), { mode: 0o600 });
  return path;
}
