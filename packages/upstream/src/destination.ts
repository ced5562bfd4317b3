import type { OutboundProxy } from './network/proxy-connector.ts';

/** The parts of a URL that a call needs, and what is set for its origin. */
export interface Destination {
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly ownHeaders: Readonly<Record<string, string>>;
  /** Proxy that forwards the call, unless the call uses a tunnel. */
  readonly forwarder: OutboundProxy | undefined;
}

/** Number of URLs that are remembered; an upstream has one for each operation, some one for each model. */
const mostDestinations = 100;

/** Remembers destinations: to parse the same URL for each call takes longer than all headers do. */
export function createDestinations(parse: (url: string) => Destination): (url: string) => Destination {
  const known = new Map<string, Destination>();
  return (url) => {
    const before = known.get(url);
    if (before !== undefined) return before;
    const destination = parse(url);
    if (known.size >= mostDestinations) known.clear();
    known.set(url, destination);
    return destination;
  };
}
