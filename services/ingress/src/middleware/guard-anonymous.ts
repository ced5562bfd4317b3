import { isIP } from 'node:net';
import type { Config } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { principalOf } from '../context.ts';

/**
 * Refuses requests of foreign web pages that carry no key. A page can send requests to any address that its reader
 * reaches; if its own host name points to that address (DNS rebinding), it can read the answers too.
 *
 * - The `host` header must be an IP address, a name without a dot, which can't be registered in public DNS, or an entry
 *   of `server.allowed_hosts`.
 * - A page whose origin is in `server.cors.origins` belongs to the operator: the browser proves it, under any host
 *   name. `*` there names no page.
 * - Any other page must come from the gateway's own host or from an allowed one. A page of this machine may call a
 *   gateway on this machine. Another address or name without a dot does not prove that the page belongs to the
 *   operator.
 */
export function guardAnonymous({
  allowedHosts,
  cors,
}: Pick<Config['server'], 'allowedHosts' | 'cors'>): RequestHandler {
  const allowed = new Set(allowedHosts);
  const ownPages = new Set(cors.origins.filter((origin) => origin !== '*'));
  const isOurs = (name: string): boolean =>
    isIP(name) > 0 || !name.includes('.') || name.endsWith('.localhost') || allowed.has(name);

  return (request, response, next) => {
    if (!principalOf(response).isAnonymous) return next();
    const { origin } = request.headers;
    if (origin !== undefined && ownPages.has(origin)) return next();
    const host = nameOf(`http://${request.headers.host ?? ''}`);
    if (host === undefined || !isOurs(host)) {
      throw new GatewayError('host_not_allowed', {
        message: `Requests without an API key are not answered under the host name "${(request.headers.host ?? '').slice(0, 64)}". Send a key, or have the operator add the name to server.allowed_hosts.`,
      });
    }
    const page = origin === undefined ? host : nameOf(origin);
    const isOwnPage =
      page === host || (isLoopback(page) && isLoopback(host)) || (page !== undefined && allowed.has(page));
    if (request.headers['sec-fetch-site'] === 'cross-site' || !isOwnPage) {
      throw new GatewayError('origin_not_allowed', {
        message: `Requests without an API key are not answered to pages of ${origin === undefined ? 'another site' : `"${origin.slice(0, 64)}"`}. Send a key, or have the operator add the page to server.cors.origins.`,
      });
    }
    next();
  };
}

const isLoopback = (name: string | undefined): boolean =>
  name === 'localhost' ||
  name === '::1' ||
  name?.endsWith('.localhost') === true ||
  /^127(?:\.\d+){3}$/.test(name ?? '');

/**
 * Returns the host name of a URL, in lower case and without brackets. Undefined for a text that is not a URL with a
 * host, such as the origin `null`.
 */
function nameOf(url: string): string | undefined {
  const name = URL.parse(url)
    ?.hostname.toLowerCase()
    .replace(/^\[(.*)\]$/, '$1');
  return name === '' ? undefined : name;
}
