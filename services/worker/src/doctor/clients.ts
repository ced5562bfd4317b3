import type { Config } from '@sluice/config';
import { createUpstreamClient, type UpstreamClient } from '@sluice/upstream';

/** The clients of the upstreams, as the worker has them. */
export interface Clients {
  of(upstreamId: string): UpstreamClient;
  close(): Promise<void>;
}

const connectTimeoutMs = 5000;

/** The doctor makes all its calls to upstreams with these, so that they leave as real calls do. */
export function createClients({ worker }: Pick<Config, 'worker'>): Clients {
  const client = createUpstreamClient({ connectTimeoutMs, keepAliveMs: worker.keepAliveMs });
  return { of: () => client, close: () => client.close() };
}
