import type { ResponseHead } from '@sluice/protocol';

export type Coding = 'gzip' | 'br' | 'deflate' | 'zstd';

export type Codings =
  | { readonly kind: 'known'; /** In the order of decoding. */ readonly codings: readonly Coding[] }
  | { readonly kind: 'unknown'; /** The provider's spelling. */ readonly name: string };

/** Maximum number of codings: more than a chain of servers applies. Each further one amplifies a small body more. */
const mostCodings = 3;

/**
 * Returns the codings of a body. A server may use them although Sluice sends `accept-encoding: identity` (RFC 9110
 * §12.5.3). Transfer codings other than `chunked` count as codings too.
 */
export function codingsOf(headers: ResponseHead['headers']): Codings {
  const content = headers['content-encoding'];
  const transfer = headers['transfer-encoding'];
  if (content === undefined && (transfer === undefined || transfer === 'chunked')) return none;
  const names = `${content ?? ''},${transfer ?? ''}`
    .split(',')
    .map((name) => name.trim())
    .filter((name) => !noCodings.has(name.toLowerCase()));
  if (names.length > mostCodings) return { kind: 'unknown', name: names.join(', ') };
  const codings: Coding[] = [];
  for (const name of names) {
    const coding = known[name.toLowerCase()];
    if (coding === undefined) return { kind: 'unknown', name };
    codings.unshift(coding);
  }
  return { kind: 'known', codings };
}

const none: Codings = { kind: 'known', codings: [] };
/** Names that are not codings. `utf-8` is a charset in the wrong header, which some frameworks send. */
const noCodings: ReadonlySet<string> = new Set(['', 'identity', 'none', 'utf-8', 'chunked']);
const known: Readonly<Record<string, Coding>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  br: 'br',
  deflate: 'deflate',
  zstd: 'zstd',
};
