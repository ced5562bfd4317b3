import type { UpstreamRequest } from '@sluice/protocol';
import type { Dispatcher } from 'undici';
import type { Destination } from './destination.ts';

/**
 * Returns the options of undici for a request.
 *
 * @param isLast closes the connection after the answer
 */
export function toDispatchOptions(
  { method, headers, body }: UpstreamRequest,
  { origin, path, ownHeaders, forwarder }: Destination,
  isLast: boolean,
) {
  const authorization = forwarder?.authorization?.reveal();
  const sent = withOwn(headers, ownHeaders);
  const options = {
    origin,
    // A forwarding proxy needs the full URL.
    path: forwarder === undefined ? path : `${origin}${path}`,
    method,
    headers: authorization === undefined ? sent : { ...sent, 'proxy-authorization': authorization },
    // Bytes instead of a string: for a long text, Node's own conversion at write time is several times slower.
    body: body === undefined ? null : Buffer.from(body),
  } satisfies Dispatcher.DispatchOptions;
  return isLast ? { ...options, reset: true } : options;
}

function withOwn(
  headers: UpstreamRequest['headers'],
  own: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const names = Object.keys(own);
  if (names.length === 0) return headers;
  const others = Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase()));
  return { ...Object.fromEntries(others), ...own };
}
