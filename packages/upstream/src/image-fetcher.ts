import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent, buildConnector } from 'undici';
import { openThrough } from './network/connector.ts';
import { createProxyConnector, type ProxyOf } from './network/proxy-connector.ts';

/** Fetches images that a client names, for providers that want their bytes. */
export interface ImageFetcher {
  /**
   * Never rejects.
   *
   * @param onKeep called with a function that gives the image's bytes back; they count against `maxTotalBytes` until
   *   then. Without `onKeep` they count while the image is fetched
   */
  fetch(url: string, signal: AbortSignal, onKeep?: (giveBack: () => void) => void): Promise<FetchedImage>;
  close(): Promise<void>;
}

export type FetchedImage =
  | { readonly kind: 'image'; readonly mediaType: string; readonly base64: string }
  /** `reason` completes a sentence that begins with "The image at this URL". */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Other images take all the memory that they may; later this one may be had. */
  | { readonly kind: 'busy' };

export interface ImageFetcherSettings {
  /** For one image. */
  readonly maxBytes: number;
  /** For all images of this process that are being fetched or kept. */
  readonly maxTotalBytes: number;
  /** From the first packet to the last byte. */
  readonly timeoutMs: number;
  /** Default: the system's. */
  readonly lookup?: typeof systemLookup;
  /** Addresses that may be called. Default: public ones. */
  readonly isAllowed?: (address: string) => boolean;
  /** Ports that may be called. Default: that of https, 443. */
  readonly ports?: readonly number[];
  /** Certificates to trust instead of the system's, as PEM. */
  readonly ca?: string;
  /** Default: all images are fetched straight. */
  readonly proxyOf?: ProxyOf | undefined;
}

const mediaTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/**
 * A client's URL must not become a way into the operator's network: only https on its own port, only to public
 * addresses, of a name that is resolved once for check and connection alike, without redirects, up to a size and a
 * time. A refusal reveals nothing about that network: a name that leads into it gives the same reason as one that does
 * not exist.
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
    // An image that does not say its size may turn out to have all that it may.
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

/** The one reason for a name without a public address, one without any address, and a server that does not answer. */
const notReached = 'could not be fetched from a public address';

interface Share {
  /** To 0 gives all of it back. */
  resize(bytes: number): void;
}

/** Bytes that may be held at once. */
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
  if (status >= 300 && status < 400) return 'redirects, which is not followed';
  if (status !== 200) return `was answered with status ${status}`;
  if (!mediaTypes.has(mediaType)) return 'is no PNG, JPEG, GIF or WebP';
  if (isCoded) return 'was sent with a content-encoding, which is not supported';
  return isTooLarge ? tooLarge : undefined;
}

const tooLarge = 'is too large';

/**
 * Calls checked addresses alone, through a proxy too: that is told the address and not the name, which it might resolve to
 * another one.
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

/** One bad address among those of a name is enough to refuse it. */
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

/** Ranges that the library takes for public ones: of benchmarks, and of documentation. */
const notPublicRanges = ['198.18.0.0/15', '3fff::/20'].map((range) => ipaddr.parseCIDR(range));
/** All that is public of IPv6. Beyond it lie addresses that embed those of IPv4, and site-local ones. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3');

/** Neither private, nor local, nor reserved, in whatever notation. */
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
