import type { FailureKind } from '@sluice/protocol';

/**
 * Kinds of failures by status, for answers whose codes and texts match no rule. docs/errors.md has this table with the
 * reasons. `server` and `busy` are retried, `unexpected` moves to another target, `invalid_request` ends the request.
 */
const kinds: Readonly<Record<number, FailureKind>> = {
  400: 'invalid_request',
  401: 'authentication',
  402: 'quota',
  403: 'permission',
  404: 'not_found',
  // The proxy between the gateway and the provider refuses, not the provider.
  407: 'unexpected',
  408: 'server',
  409: 'busy',
  410: 'not_found',
  413: 'context_length',
  421: 'server',
  422: 'invalid_request',
  423: 'busy',
  424: 'server',
  425: 'busy',
  429: 'rate_limit',
  // Groq: the flex tier has no capacity at the moment.
  498: 'server',
  // A proxy in front of the provider gave up waiting for it.
  499: 'server',
  501: 'unexpected',
  505: 'unexpected',
  506: 'unexpected',
  508: 'unexpected',
  510: 'unexpected',
  511: 'unexpected',
};

/** Returns the kind of a status. Outside the table 5xx is `server`, anything else `unexpected`. */
export function kindOfStatus(status: number): FailureKind {
  return kinds[status] ?? (status >= 500 && status < 600 ? 'server' : 'unexpected');
}

/** Messages that help an operator more than a proxy's page. */
const messages: Readonly<Record<number, string>> = {
  404: 'The provider has nothing at this URL: the `base_url` of the upstream is probably wrong.',
  405: "The provider's URL does not support this method: the `base_url` of the upstream is probably wrong.",
  407: 'A proxy between this gateway and the provider requires credentials.',
  426: 'The provider asks for another version of the protocol.',
  431: 'The provider refuses the headers of the request as too large: the `headers` of the upstream are probably too long.',
  511: 'A network between this gateway and the provider asks for a login.',
};

/** Returns the message for a status that points to the URL or the network; undefined for other statuses. */
export function messageOfStatus(status: number): string | undefined {
  return status >= 300 && status < 400
    ? 'The provider redirects to another URL: the `base_url` of the upstream is probably wrong.'
    : messages[status];
}
