import {
  type ChooseProxy,
  type Config,
  ConfigError,
  createChooseProxy,
  readTlsFiles,
  type UpstreamConfig,
} from '@sluice/config';
import type { Logger } from '@sluice/telemetry';
import { createUpstreamClient, type UpstreamClient } from '@sluice/upstream';

/** The part of a client that calls need. */
export type CallClient = Pick<UpstreamClient, 'call' | 'tell'>;

/** A client for each upstream, with the proxy, certificates and headers that are set for it. */
export interface UpstreamClients {
  /** @throws Error for an id that is not configured */
  of(upstreamId: string): UpstreamClient;
  /** Connections and waiting calls at this moment. */
  pools(): { readonly upstream: string; readonly open: number; readonly waiting: number }[];
  close(): Promise<void>;
}

export interface UpstreamClientsNeeds {
  /** Called for an upstream with unusable files, which then has no client. Default: the error is thrown. */
  readonly onUnusable?: (upstreamId: string, error: ConfigError) => void;
  readonly config: Pick<Config, 'upstreams' | 'proxies' | 'worker'>;
  readonly connectTimeoutMs: number;
  readonly onThrow: (error: unknown) => void;
}

/** @throws ConfigError that names each file of certificates that can't be used */
export function createUpstreamClients(needs: UpstreamClientsNeeds): UpstreamClients {
  const { config, onUnusable } = needs;
  const { upstreams, proxies } = config;
  const ofEnvironment = createChooseProxy(proxies);
  const clients = new Map<string, UpstreamClient>();
  for (const [at, upstream] of upstreams.entries()) {
    try {
      const tls = readTlsFiles(upstream.tls, `upstreams[${at}].tls`);
      clients.set(upstream.id, createClient(needs, { upstream, tls, ofEnvironment }));
    } catch (error) {
      if (onUnusable === undefined || !(error instanceof ConfigError)) throw error;
      onUnusable(upstream.id, error);
    }
  }
  return {
    of(upstreamId) {
      const client = clients.get(upstreamId);
      if (client === undefined) throw new Error(`There is no upstream ${upstreamId}.`);
      return client;
    },
    pools: () => [...clients].map(([upstream, client]) => ({ upstream, ...client.pool() })),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}

interface ClientFacts {
  readonly upstream: UpstreamConfig;
  readonly tls: ReturnType<typeof readTlsFiles>;
  readonly ofEnvironment: ChooseProxy;
}

const createClient = (
  { config: { worker }, connectTimeoutMs, onThrow }: UpstreamClientsNeeds,
  { upstream, tls, ofEnvironment }: ClientFacts,
): UpstreamClient =>
  createUpstreamClient({
    connectTimeoutMs,
    keepAliveMs: worker.keepAliveMs,
    maxConnections: worker.maxConnections,
    tls,
    proxyOf: chooseFor(upstream, ofEnvironment),
    headers: revealed(upstream.headers),
    // Logins are renewed at another host, which must not get the secrets of this one.
    origin: new URL(upstream.baseUrl).origin,
    onThrow,
  });

function chooseFor({ proxy }: Pick<UpstreamConfig, 'proxy'>, ofEnvironment: ChooseProxy): ChooseProxy {
  if (proxy === undefined) return ofEnvironment;
  return () => (proxy === 'none' ? undefined : proxy);
}

const revealed = (headers: UpstreamConfig['headers']): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.reveal()]));

/** Length in characters; shorter values are versions and switches, whose redaction would damage ordinary words. */
const shortestSecret = 8;

/** The possible secrets in an upstream's headers: whole values, and single words of values such as `Bearer …`. */
export function headerSecrets({ headers }: Pick<UpstreamConfig, 'headers'>): readonly string[] {
  return Object.values(revealed(headers))
    .flatMap((value) => [value, ...value.split(/\s+/)])
    .filter((value) => value.length >= shortestSecret);
}

/** Logs once which upstreams are called through a proxy, to show that a variable was read. */
export function tellProxies({ upstreams, proxies }: Pick<Config, 'upstreams' | 'proxies'>, logger: Logger): void {
  const ofEnvironment = createChooseProxy(proxies);
  const found = upstreams.flatMap((upstream) => {
    const proxy = chooseFor(upstream, ofEnvironment)(new URL(upstream.baseUrl));
    return proxy === undefined ? [] : [{ id: upstream.id, proxy: proxy.url }];
  });
  for (const [proxy, ofProxy = []] of Object.entries(Object.groupBy(found, (each) => each.proxy))) {
    logger.info({ proxy, upstreams: ofProxy.map(({ id }) => id) }, 'upstreams are called through a proxy');
  }
}
