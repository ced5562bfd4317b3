import { type Config, ConfigError, type ConfigProblem, loadConfig } from '@sluice/config';
import { expect } from 'vitest';

/** A client key, for tests of other settings. */
export const anyKey = { SLUICE_API_KEYS: 'sk-any-key-0001' };

/** Loads a configuration from the text of a file, if any, and an environment. */
export function load(yaml: string | undefined, env: Readonly<Record<string, string>> = anyKey): Config {
  return loadConfig({ env, cwd: '/srv', readFile: () => yaml ?? absent() });
}

export function absent(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** Returns the error of loading. */
export function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('the configuration was taken');
}

/** Returns the problems of loading, each as `path: message`. */
export const problemsOf = (yaml: string | undefined, env?: Readonly<Record<string, string>>): string[] =>
  errorOf(() => load(yaml, env)).problems.map(toText);

const toText = ({ path, message }: ConfigProblem): string => `${path}: ${message}`;

/** An upstream and a model, for tests of other settings. */
export const routing = `
upstreams: [{ id: sim, type: openai, base_url: http://127.0.0.1:9900/v1 }]
models: [{ id: "*", targets: [{ upstream: sim }] }]
`;
