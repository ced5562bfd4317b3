import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector } from 'undici';
import { openThrough } from './network/connector.ts';
import { createProxyConnector, type ProxyOf } from './network/proxy-connector.ts';

/** Fetches images that a client references, for providers that need the bytes. */
export interface ImageFetcher {
  /**
   * Fetches an image. Never rejects.
   *
   * @param onKeep called with a function that releases the image's bytes; until then they count against
   *   `maxTotalBytes`. Without `onKeep` they count only during the fetch
   */
  fetch(url: string, signal: AbortSignal, onKeep?: (giveBack: () => void) => void): Promise<FetchedImage>;
  close(): Promise<void>;
}

export type FetchedImage =
  | { readonly kind: 'image'; readonly mediaType: string; readonly base64: string }
  /** `reason` completes a sentence that starts with "The image at this URL". */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Other images use all the allowed memory; a later fetch may succeed. */
  | { readonly kind: 'busy' };

export interface ImageFetcherSettings {
  /** Maximum size of one image. */
  readonly maxBytes: number;
  /** Maximum size of all images that this process is fetching or keeping. */
  readonly maxTotalBytes: number;
  /** Time limit from the first packet to the last byte. */
  readonly timeoutMs: number;
  /** DNS lookup. Default: the system's. */
  readonly lookup?: typeof systemLookup;
  /** Returns whether an address may be contacted. Default: public addresses only. */
  readonly isAllowed?: (address: string) => boolean;
  /** Allowed ports. Default: that of https, 443. */
  readonly ports?: readonly number[];
  /** Certificates to trust instead of the system's, as PEM. */
  readonly ca?: string;
  /** Selects the proxy of a URL. Default: all images are fetched directly. */
  readonly proxyOf?: ProxyOf | undefined;
}

const mediaTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/**
 * Prevents access to the operator's network through a client's URL: allows only https on its own port, only public
 * addresses, a name resolved once for both check and connection, no redirects, and a limited size and time. A refusal
 * reveals nothing about that network: a name that leads into it gives the same reason as one that does not exist.
 */
export function createImageFetcher(settings: ImageFetcherSettings): ImageFetcher {
  const { maxBytes, maxTotalBytes, timeoutMs, isAllowed = isPublicAddress } = settings;
  const ports: ReadonlySet<number> = new Set(settings.ports ?? [httpsPort]);
  const budget = createByteBudget(maxTotalBytes);
  const agent = new Agent({
    connect: guardedConnector(settings),
    connections: 16,
    maxResponseSize: maxBytes,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: false,
  });

  async function load(url: URL, signal: AbortSignal, onKeep: OnKeep | undefined): Promise<FetchedImage> {
    const { statusCode, headers, body } = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { accept: [...mediaTypes].join(', '), 'accept-encoding': 'identity', 'user-agent': 'sluice' },
      signal,
    });
    const mediaType = String(headers['content-type'] ?? '')
      .split(';', 1)[0]
      ?.trim()
      .toLowerCase();
    const said = Number(headers['content-length'] ?? Number.NaN);
    const refusal = refusalOf(statusCode, mediaType ?? '', said > maxBytes, headers['content-encoding'] !== undefined);
    // An image without a declared size is counted with the maximum size.
    const share = refusal === undefined ? budget.take(Number.isNaN(said) ? maxBytes : said) : undefined;
    if (share === undefined) {
      body.on('error', () => undefined).destroy();
      return refusal === undefined ? { kind: 'busy' } : refused(refusal);
    }
    try {
      const bytes = Buffer.from(await body.arrayBuffer());
      share.resize(onKeep === undefined ? 0 : bytes.length);
      onKeep?.(() => share.resize(0));
      return { kind: 'image', mediaType: mediaType ?? '', base64: bytes.toString('base64') };
    } catch (error) {
      share.resize(0);
      throw error;
    }
  }

  return {
    async fetch(text, signal, onKeep) {
      const url = URL.parse(text);
      const problem = problemOf(url, { isAllowed, ports });
      if (url === null || problem !== undefined) return refused(problem ?? 'has no valid address');
      try {
        return await load(url, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]), onKeep);
      } catch (error) {
        return refused(reasonOf(error));
      }
    },
    close: () => agent.destroy(),
  };
}

type OnKeep = Parameters<ImageFetcher['fetch']>[2];

const refused = (reason: string): FetchedImage => ({ kind: 'refused', reason });

interface Allowed {
  readonly isAllowed: (address: string) => boolean;
  readonly ports: ReadonlySet<number>;
}

function problemOf(url: URL | null, { isAllowed, ports }: Allowed): string | undefined {
  if (url === null) return 'has no valid address';
  const port = url.port === '' ? httpsPort : Number(url.port);
  if (url.protocol !== 'https:' || !ports.has(port) || url.username !== '' || url.password !== '') {
    return 'must be https on port 443, without user and password';
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (isIP(host) !== 0 && !isAllowed(host)) return notReached;
  return undefined;
}

const httpsPort = 443;

/** Common reason for a name without a public address, one without any address, and a server that does not answer. */
const notReached = 'could not be fetched from a public address';

interface Share {
  /** Changes the size; 0 releases everything. */
  resize(bytes: number): void;
}

/** Creates a budget of bytes that may be held at once. */
function createByteBudget(most: number): { take(bytes: number): Share | undefined } {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > most) return undefined;
      let own = bytes;
      held += own;
      return {
        resize(to) {
          held += to - own;
          own = to;
        },
      };
    },
  };
}

function refusalOf(status: number, mediaType: string, isTooLarge: boolean, isCoded: boolean): string | undefined {
  if (status >= 300 && status < 400) return 'redirects; redirects are not followed';
  if (status !== 200) return `was answered with status ${status}`;
  if (!mediaTypes.has(mediaType)) return 'is not a PNG, JPEG, GIF or WebP';
  if (isCoded) return 'was sent with a content-encoding, which is not supported';
  return isTooLarge ? tooLarge : undefined;
}

const tooLarge = 'is too large';

/**
 * Connects to checked addresses only, also through a proxy: the proxy gets the address instead of the name, which it
 * might resolve to a different address.
 */
function guardedConnector({ timeoutMs, isAllowed = isPublicAddress, ...settings }: ImageFetcherSettings) {
  const { lookup = systemLookup, ca, proxyOf = (): undefined => undefined } = settings;
  const find = guarded(lookup, isAllowed);
  const open = buildConnector({
    lookup: find,
    timeout: timeoutMs,
    allowH2: false,
    ...(ca === undefined ? {} : { ca }),
  });
  const proxies = createProxyConnector(timeoutMs);
  const connect: buildConnector.connector = (options, callback) => {
    const { hostname, port } = options;
    const proxy = proxyOf(new URL(`${options.protocol}//${options.host ?? hostname}`));
    if (proxy === undefined) return open(options, callback);
    const deadline = performance.now() + timeoutMs;
    const through = (host: string): void =>
      proxies.tunnel({ proxy, host, port: port === '' ? httpsPort : Number(port), deadline }, (...result) => {
        if (result[0] !== null) return callback(...result);
        return openThrough(open, { ...options, httpSocket: result[1], deadline }, callback);
      });
    if (isIP(hostname) !== 0) return through(hostname);
    return find(hostname, {}, (error, address) => {
      if (error === null && typeof address === 'string') through(address);
      else callback(error ?? new Error('no address'), null);
    });
  };
  return connect;
}

/** Wraps a lookup so that a single forbidden address refuses the whole name. */
function guarded(lookup: typeof systemLookup, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '');
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
        return callback(new Error('not a public address'), '');
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

/** Ranges that the library treats as public: benchmarks and documentation. */
const notPublicRanges = ['198.18.0.0/15', '3fff::/20'].map((range) => ipaddr.parseCIDR(range));
/** All public IPv6 addresses. Outside of it are addresses that embed IPv4 addresses, and site-local ones. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Returns whether an address, in any notation, is neither private nor local nor reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(globalUnicast)) return false;
  return !notPublicRanges.some(([range, bits]) => range.kind() === parsed.kind() && parsed.match(range, bits));
}

function reasonOf(error: unknown): string {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if ('code' in cause && cause.code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return tooLarge;
  }
  return notReached;
}
