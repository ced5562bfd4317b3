import { isIP } from 'node:net';
import type { Config } from '@sluice/config';
import { GatewayError } from '@sluice/protocol';
import type { RequestHandler } from 'express';
import { principalOf } from '../context.ts';

/**
 * Keeps web pages from calling as a client that needs no key. A page may send requests to any address that its reader
 * reaches; if its own host name points to that address (DNS rebinding), it may read the answers too. Host names without
 * a dot can't be registered in public DNS, so they are safe; others must be in `server.allowed_hosts`. A page whose
 * origin is in `server.cors.origins` is the operator's own: its browser says so itself, under whichever host name it
 * calls. `*` there names no page. Any other page must be served by the gateway's own host, by an allowed one, or stand on
 * this machine as the gateway does: an address or a name without a dot says nothing of who owns the page.
 */
export function guardAnonymous({
  allowedHosts,
  corsOrigins,
}: Pick<Config['server'], 'allowedHosts' | 'corsOrigins'>): RequestHandler {
  const allowed = new Set(allowedHosts);
  const ownPages = new Set(corsOrigins.filter((origin) => origin !== '*'));
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

/** The host name in a URL, in lower case and without brackets. Undefined for what is no URL with a host, `null` for one. */
function nameOf(url: string): string | undefined {
  const name = URL.parse(url)
    ?.hostname.toLowerCase()
    .replace(/^\[(.*)\]$/, '$1');
  return name === '' ? undefined : name;
}
