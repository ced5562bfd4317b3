import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent } from 'undici';

/** Fetches pictures that a client names, for providers that want their bytes. */
export interface ImageFetcher {
  fetch(url: string, signal: AbortSignal): Promise<FetchedImage>;
  close(): Promise<void>;
}

export type FetchedImage =
  | { readonly kind: 'image'; readonly mediaType: string; readonly base64: string }
  /** `reason` fits behind "The image at this URL". */
  | { readonly kind: 'refused'; readonly reason: string };

export interface ImageFetcherSettings {
  readonly maxBytes: number;
  /** From the first packet to the last byte. */
  readonly timeoutMs: number;
  /** Default: the system's. */
  readonly lookup?: typeof systemLookup;
  /** Which addresses may be called. Default: public ones. */
  readonly isAllowed?: (address: string) => boolean;
  /** Certificates to trust beside the system's, as PEM. */
  readonly ca?: string;
}

const mediaTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/**
 * A client's URL must not become a way into the operator's network: only https, only to public
 * addresses, of a name that is resolved once for check and connection alike, without redirects, up to a size and a time.
 */
export function createImageFetcher(settings: ImageFetcherSettings): ImageFetcher {
  const { maxBytes, timeoutMs, isAllowed = isPublicAddress, lookup = systemLookup, ca } = settings;
  const agent = new Agent({
    connect: { lookup: guarded(lookup, isAllowed), timeout: timeoutMs, ...(ca === undefined ? {} : { ca }) },
    connections: 16,
    maxResponseSize: maxBytes,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    allowH2: false,
  });

  async function load(url: URL, signal: AbortSignal): Promise<FetchedImage> {
    const { statusCode, headers, body } = await agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: 'GET',
      headers: { accept: [...mediaTypes].join(', '), 'user-agent': 'sluice' },
      signal,
    });
    const mediaType = String(headers['content-type'] ?? '')
      .split(';', 1)[0]
      ?.trim()
      .toLowerCase();
    const refusal = refusalOf(statusCode, mediaType ?? '', Number(headers['content-length'] ?? 0) > maxBytes);
    if (refusal !== undefined) {
      body.on('error', () => undefined).destroy();
      return refused(refusal);
    }
    const bytes = Buffer.from(await body.arrayBuffer());
    return { kind: 'image', mediaType: mediaType ?? '', base64: bytes.toString('base64') };
  }

  return {
    async fetch(text, signal) {
      const url = URL.parse(text);
      const problem = problemOf(url, isAllowed);
      if (url === null || problem !== undefined) return refused(problem ?? 'has no valid address');
      try {
        return await load(url, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      } catch (error) {
        return refused(reasonOf(error));
      }
    },
    close: () => agent.destroy(),
  };
}

const refused = (reason: string): FetchedImage => ({ kind: 'refused', reason });

function problemOf(url: URL | null, isAllowed: (address: string) => boolean): string | undefined {
  if (url === null) return 'has no valid address';
  if (url.protocol !== 'https:' || url.username !== '' || url.password !== '') {
    return 'must be https, without user and password';
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  // A literal address is never looked up.
  if (isIP(host) !== 0 && !isAllowed(host)) return notFetched;
  return undefined;
}

/** One word for all of it: what is refused, what is not there and what does not answer would tell names of the operator's network apart. */
const notFetched = 'could not be fetched from a public address';

function refusalOf(status: number, mediaType: string, isTooLarge: boolean): string | undefined {
  if (status >= 300 && status < 400) return 'redirects, which is not followed';
  if (status !== 200) return `was answered with status ${status}`;
  if (!mediaTypes.has(mediaType)) return 'is no PNG, JPEG, GIF or WebP';
  return isTooLarge ? tooLarge : undefined;
}

const tooLarge = 'is too large';

class NotPublicError extends Error {
  override readonly name = 'NotPublicError';
}

/** One bad address among those of a name is enough to refuse it. */
function guarded(lookup: typeof systemLookup, isAllowed: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '');
      const [first] = addresses;
      if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
        return callback(new NotPublicError(notFetched), '');
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
  return notFetched;
}
