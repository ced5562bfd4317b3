import type { Config } from '@sluice/config';
import { createUpstreamClient, type UpstreamClient } from '@sluice/upstream';

const connectTimeoutMs = 10_000;

/**
 * The client for all calls to providers, as the configuration wants it.
 *
 * @param onThrow called with an error that a listener threw
 */
export function createProviderClient(
  { worker }: Pick<Config, 'worker'>,
  onThrow?: (error: unknown) => void,
): UpstreamClient {
  return createUpstreamClient({
    connectTimeoutMs,
    keepAliveMs: worker.keepAliveMs,
    maxConnections: worker.maxConnections,
    ...(onThrow === undefined ? {} : { onThrow }),
  });
}
