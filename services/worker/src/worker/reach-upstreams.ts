import { type Config, createChooseProxy } from '@sluice/config';
import type { Keys, RedisConnection } from '@sluice/redis';
import { createModelListWriter } from '@sluice/relay';
import type { Logger, WorkerMetrics } from '@sluice/telemetry';
import { createTokenVault, type TokenVault } from '@sluice/access-tokens';
import { createImageFetcher, type ImageFetcher } from '@sluice/upstream';
import { createModelLists, type ModelLists } from '../models/model-lists.ts';
import { createUpstreamClients, type UpstreamClients } from '../targets/upstream-clients.ts';

/** The worker's clients of the providers, and what depends on them. */
export interface Upstreams {
  readonly clients: UpstreamClients;
  readonly images: ImageFetcher;
  /** Undefined if there is no secret key to encrypt access tokens with. */
  readonly tokens: TokenVault | undefined;
  readonly modelLists: ModelLists;
}

export interface UpstreamsNeeds {
  readonly config: Config;
  readonly connection: RedisConnection;
  readonly keys: Keys;
  readonly logger: Logger;
  readonly metrics: Pick<WorkerMetrics, 'modelsAsked'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const connectTimeoutMs = 10_000;
/** Size limit of one image; providers take no larger ones. */
const maxImageBytes = 20 * 1024 * 1024;
/**
 * Size limit of all images in memory. Each takes some four times its size: as base64, in a body, and in the body's bytes.
 */
const maxTotalImageBytes = 128 * 1024 * 1024;
const imageTimeoutMs = 10_000;

export function reachUpstreams(needs: UpstreamsNeeds): Upstreams {
  const { config, connection, keys, logger, metrics, onError, now } = needs;
  const clients = createUpstreamClients({
    config,
    connectTimeoutMs,
    onThrow: (error) => logger.error({ err: error }, "a provider's answer could not be processed"),
  });
  const images = createImageFetcher({
    maxBytes: maxImageBytes,
    maxTotalBytes: maxTotalImageBytes,
    timeoutMs: imageTimeoutMs,
    proxyOf: createChooseProxy(config.proxies),
  });
  const tokens = openVault(needs);
  const modelLists = createModelLists({
    config,
    lists: createModelListWriter({ connection, keys }),
    clientOf: clients.of,
    tokens,
    maxBodyBytes: config.worker.maxBodyBytes,
    onAsked: metrics.modelsAsked,
    onFailed: (upstream, { kind, status, message }) =>
      logger.warn({ upstream, kind, status, reason: message }, 'upstream did not list its models'),
    onError,
    now,
  });
  return { clients, images, tokens, modelLists };
}

function openVault({ config, connection, keys, logger, onError, now }: UpstreamsNeeds): TokenVault | undefined {
  const { secretKey } = config;
  if (secretKey === undefined) return undefined;
  return createTokenVault({
    connection,
    keys,
    secret: secretKey.reveal(),
    onRenewed: ({ upstreamId, credentialId }) =>
      logger.info({ upstream: upstreamId, credential: credentialId }, 'token of a provider renewed'),
    onFailed: ({ upstreamId, credentialId }, { kind, message }) =>
      logger.warn(
        { upstream: upstreamId, credential: credentialId, code: kind, reason: message },
        'token of a provider not renewed',
      ),
    onError,
    now,
  });
}
