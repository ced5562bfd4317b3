import type { Config, ConfigError } from '@sluice/config';
import { createUpstreamClients, type UpstreamClients } from '../targets/upstream-clients.ts';
import { type Check, problem } from './check.ts';

const connectTimeoutMs = 5000;

export interface DoctorClients extends UpstreamClients {
  /** Findings by the id of an upstream whose files can't be used; such an upstream has no client. */
  readonly unusable: ReadonlyMap<string, readonly Check[]>;
}

/** Opens the worker's own clients, so that the doctor's calls take the same way as real calls. */
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

/** Names the certificate files that can't be used. */
export const unusableFiles = ({ problems }: ConfigError): readonly Check[] =>
  problems.map(({ path, message }) => problem('config', `${path} ${message}.`, advice));

const advice = 'Sluice does not start with it: docs/networking.md describes the contents of the files.';
