import { join } from 'node:path';
import { LaunchError } from './bare/launch-error.mjs';
import { runInForeground } from './bare/run.mjs';
import { secretKeyForReaders } from './reader-secret.ts';
import { notedUrl } from './noted-urls.ts';
import { readSettings } from './settings.ts';

export interface DoctorNeeds {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Names of the variables in `env` that a `.env` file has set. */
  readonly dotenvNames?: readonly string[];
}

/**
 * Prints the settings and tests everything that Sluice needs. The doctor runs in its own process, with the environment of
 * the services, the state folder of `npm start`, and the URLs of the Redis and the database
 * that a running `npm start` has started.
 *
 * @returns exit code: 1 when a problem was found
 */
export async function doctor({ root, env, dotenvNames = [] }: DoctorNeeds, args: readonly string[]): Promise<number> {
  const stateFolder = join(root, '.sluice');
  const redisUrl = notedUrl(stateFolder, 'redis');
  const databaseUrl = notedUrl(stateFolder, 'database');
  return await runInForeground({
    file: process.execPath,
    args: ['--enable-source-maps', join(root, 'services/worker/dist/doctor/main.js'), ...args],
    cwd: root,
    env: {
      ...env,
      ...(needsSecretKey(env, root) ? { SLUICE_SECRET_KEY: secretKeyForReaders(root) } : {}),
      SLUICE_DOCTOR_STATE_FOLDER: stateFolder,
      SLUICE_DOCTOR_DOTENV_NAMES: dotenvNames.join(','),
      ...(redisUrl === undefined ? {} : { SLUICE_DOCTOR_REDIS_URL: redisUrl }),
      ...(databaseUrl === undefined ? {} : { SLUICE_DOCTOR_DATABASE_URL: databaseUrl }),
    },
  });
}

function needsSecretKey(env: NodeJS.ProcessEnv, root: string): boolean {
  try {
    return readSettings(env, root).needsSecretKey;
  } catch (error) {
    // The doctor itself lists the faults of the settings.
    if (error instanceof LaunchError) return false;
    throw error;
  }
}
