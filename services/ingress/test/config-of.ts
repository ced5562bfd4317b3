import { type Config, loadConfig } from '@sluice/config';

/** Returns the configuration of a file with these settings, and a client key. */
export function configOf(settings: Readonly<Record<string, unknown>>): Config {
  const file = JSON.stringify({ keys: [{ key: 'sk-team-1-0001' }], ...settings });
  return loadConfig({ env: {}, cwd: '/srv', readFile: () => file });
}
