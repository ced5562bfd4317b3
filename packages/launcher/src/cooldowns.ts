import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from './bare/files.mjs';
import { LaunchError } from './bare/launch-error.mjs';
import { runInForeground } from './bare/run.mjs';
import { secretKeyForReaders } from './reader-secret.ts';
import { readSettings } from './settings.ts';

const noteIn = (stateFolder: string): string => join(stateFolder, 'redis-url');

export interface RedisNote {
  readonly remove: () => void;
}

/** Notes the URL of Redis for `npm run cooldowns` and `npm run doctor` in a file that only this user can read. */
export function noteRedis(stateFolder: string, url: string): RedisNote {
  const path = noteIn(stateFolder);
  rmSync(path, { force: true });
  writeFileSync(path, url, { mode: 0o600 });
  return { remove: () => rmSync(path, { force: true }) };
}

/** Returns the URL that the running `npm start` has noted, a secret; undefined if none runs. */
export const notedRedis = (stateFolder: string): string | undefined => readIfThere(noteIn(stateFolder));

/**
 * Lists credentials in cooldown and open circuits, or ends cooldowns and closes circuits: in the configured Redis, or else
 * in that of the `npm start` that runs from this folder.
 *
 * @returns exit code
 * @throws LaunchError when there is no Redis to ask
 */
export async function cooldowns(
  { root, env }: { readonly root: string; readonly env: NodeJS.ProcessEnv },
  args: readonly string[],
): Promise<number> {
  const { redis, needsSecretKey } = readSettings(env, root);
  const secretKey = needsSecretKey ? { SLUICE_SECRET_KEY: secretKeyForReaders(root) } : {};
  const isConfigured = redis.kind === 'configured' || redis.url !== undefined;
  const url = isConfigured ? undefined : notedRedis(join(root, '.sluice'));
  if (!isConfigured && url === undefined) {
    throw new LaunchError(
      'No Redis is configured, and no `npm start` runs from this folder. Set REDIS_URL to the Redis of the services.',
    );
  }
  return await runInForeground({
    file: process.execPath,
    args: ['--enable-source-maps', join(root, 'services/worker/dist/cooldowns/main.js'), ...args],
    cwd: root,
    env: { ...env, ...secretKey, ...(url === undefined ? {} : { REDIS_URL: url }) },
  });
}
