import { join } from 'node:path';
import { LaunchError } from './bare/launch-error.mjs';
import { runInForeground } from './bare/run.mjs';
import { notedUrl } from './noted-urls.ts';
import { secretKeyForReaders } from './reader-secret.ts';
import { readSettings } from './settings.ts';

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
  const url = isConfigured ? undefined : notedUrl(join(root, '.sluice'), 'redis');
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
