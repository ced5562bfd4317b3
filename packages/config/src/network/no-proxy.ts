import { BlockList, isIP } from 'node:net';

/** Returns whether a call to this host (a name, or an address without brackets) and port uses no proxy. */
export type IsExempt = (host: string, port: number) => boolean;

/**
 * Reads `NO_PROXY` as curl and undici do: entries separated by commas or spaces. `example.com` and `.example.com` match
 * the name and its subdomains, `*.example.com` the subdomains only, `*` everything; an address, or a range such as
 * `10.0.0.0/8`, matches addresses; each may end in `:port`. Other entries match nothing.
 */
export function readNoProxy(text: string): IsExempt {
  const entries = text.split(/[\s,]+/).flatMap(readEntry);
  return (host, port) => {
    const name = host.toLowerCase().replace(/\.$/, '');
    return entries.some((entry) => (entry.port === undefined || entry.port === port) && entry.matches(name));
  };
}

interface Entry {
  readonly port: number | undefined;
  readonly matches: (name: string) => boolean;
}

function readEntry(text: string): Entry[] {
  const { address, plain, digits } =
    /^(?:\[(?<address>[^\]]+)\]|(?<plain>[^[\]:]+|[^[\]]*:[^[\]]*:[^[\]]*?))(?::(?<digits>\d{1,5}))?$/.exec(text)
      ?.groups ?? {};
  const host = (address ?? plain ?? '').toLowerCase().replace(/\.$/, '');
  if (host === '') return [];
  const port = digits === undefined ? undefined : Number(digits);
  if (host === '*') return [{ port, matches: () => true }];
  const range = readRange(host);
  if (range !== undefined) return [{ port, matches: range }];
  const isBelowOnly = host.startsWith('*.');
  const name = host.replace(/^\*?\./, '');
  return [{ port, matches: (called) => (called === name && !isBelowOnly) || called.endsWith(`.${name}`) }];
}

/** Returns a matcher; undefined if the text is neither an address nor a range of addresses. */
function readRange(text: string): ((name: string) => boolean) | undefined {
  const [address = '', bits] = text.split('/');
  const version = isIP(address);
  if (version === 0) return undefined;
  const longest = version === 4 ? 32 : 128;
  const length = bits === undefined ? longest : Number(bits);
  if (!/^\d{0,3}$/.test(bits ?? '') || bits === '' || length > longest) return undefined;
  const list = new BlockList();
  list.addSubnet(address, length, `ipv${version as 4 | 6}`);
  return (name) => {
    const called = isIP(name);
    return called !== 0 && list.check(name, `ipv${called as 4 | 6}`);
  };
}
