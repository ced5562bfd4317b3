import { type Config, ConfigError, type ConfigProblem, loadConfig } from '@sluice/config';
import { expect } from 'vitest';

/** A key for tests that are about something else. */
export const anyKey = { SLUICE_API_KEYS: 'sk-any-key-0001' };

/** Loads a file of this text, or none, under this environment. */
export function load(yaml: string | undefined, env: Readonly<Record<string, string>> = anyKey): Config {
  return loadConfig({ env, cwd: '/srv', readFile: () => yaml ?? absent() });
}

export function absent(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** The error with which loading ends. */
export function errorOf(run: () => unknown): ConfigError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error('the configuration was taken');
}

/** Its problems, each as `path: message`. */
export const problemsOf = (yaml: string | undefined, env?: Readonly<Record<string, string>>): string[] =>
  errorOf(() => load(yaml, env)).problems.map(toText);

const toText = ({ path, message }: ConfigProblem): string => `${path}: ${message}`;

/** An upstream and a model, for files that are about something else. */
export const routing = `
upstreams: [{ id: sim, type: openai, base_url: http://127.0.0.1:9900/v1 }]
models: [{ id: "*", targets: [{ upstream: sim }] }]
`;
