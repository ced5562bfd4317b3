import type { Config, ConfigError } from '@sluice/config';
import { createUpstreamClients, type UpstreamClients } from '../targets/upstream-clients.ts';
import { type Check, problem } from './check.ts';

const connectTimeoutMs = 5000;

export interface DoctorClients extends UpstreamClients {
  /** Of the upstreams whose files can't be used, by their ids: these have no client. */
  readonly unusable: ReadonlyMap<string, readonly Check[]>;
}

/** The clients of the worker, so that the doctor's calls leave as real calls do. */
export function openClients(config: Pick<Config, 'upstreams' | 'proxies' | 'worker'>): DoctorClients {
  const unusable = new Map<string, readonly Check[]>();
  const clients = createUpstreamClients({
    config,
    connectTimeoutMs,
    onThrow: () => undefined,
    onUnusable: (id, error) =>
      unusable.set(
        id,
        unusableFiles(error).map((check) => ({ ...check, about: `upstream ${id}` })),
      ),
  });
  return { ...clients, unusable };
}

/** Says which files of certificates can't be used. */
export const unusableFiles = ({ problems }: ConfigError): readonly Check[] =>
  problems.map(({ path, message }) => problem('config', `${path} ${message}.`, advice));

const advice = 'Sluice does not start with it: docs/networking.md says what the files must hold.';
