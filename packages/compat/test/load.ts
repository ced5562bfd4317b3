import { profiles } from '@sluice/compat';
import { type Config, ConfigError, loadConfig } from '@sluice/config';

type Env = Readonly<Record<string, string>>;

/** A client key, for tests of other settings. */
export const anyKey = { SLUICE_API_KEYS: 'sk-any-key-0001' };

/** Loads a configuration from an environment without a file. */
export const load = (env: Env): Config => loadConfig({ env, cwd: '/srv', readFile: absent, profiles });

export function absent(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** Returns the problems of loading, each as `path: message`. */
export function problemsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
  throw new Error('the configuration was taken');
}
