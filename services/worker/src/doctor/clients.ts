import { type Config, ConfigError } from '@sluice/config';
import { createUpstreamClients, type UpstreamClients } from '../upstream-clients.ts';
import { type Check, problem } from './check.ts';

const connectTimeoutMs = 5000;

/** The clients of the worker, so that the doctor's calls leave as real calls do; or the files that can't be used. */
export function openClients(config: Pick<Config, 'upstreams' | 'proxies' | 'worker'>): UpstreamClients | Check[] {
  try {
    return createUpstreamClients({ config, connectTimeoutMs, onThrow: () => undefined });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const advice = 'Workers do not start with it: docs/networking.md says what the files must hold.';
    return error.problems.map(({ path, message }) => problem('config', `${path} ${message}.`, advice));
  }
}
