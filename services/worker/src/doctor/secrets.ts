import { type Config, isNamedLikeSecret, type Proxy } from '@sluice/config';
import { providers } from '@sluice/providers';
import { headerSecrets } from '../targets/upstream-clients.ts';

/** Returns all texts that must not be printed: secrets of the configuration, and variables with names of secrets. */
export function secretsOf(
  { upstreams, redis, database, secretKey, proxies }: Config,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return [
    ...upstreams.flatMap(({ type, options, baseUrl, credentials, headers, proxy }) => [
      ...headerSecrets({ headers }),
      ...(proxy === undefined || proxy === 'none' ? [] : proxySecrets(proxy)),
      ...(providers[type].create(options, baseUrl).secrets ?? []),
      ...credentials.flatMap(({ apiKey }) => apiKey?.reveal() ?? []),
    ]),
    ...[proxies.http, proxies.https].flatMap((proxy) => (proxy === undefined ? [] : proxySecrets(proxy))),
    ...redisSecrets(redis),
    ...(database === undefined ? [] : passwordOf(database.url.reveal())),
    ...(secretKey === undefined ? [] : [secretKey.reveal()]),
    ...Object.entries(env).flatMap(([name, text]) => (isNamedLikeSecret(name) && text !== undefined ? [text] : [])),
  ].filter((text) => text.length >= shortest);
}

/** The proxy's authorization header and the user and password in it, also percent-encoded. */
function proxySecrets({ authorization }: Proxy): string[] {
  if (authorization === undefined) return [];
  const header = authorization.reveal();
  const encoded = header.replace(/^Basic /, '');
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  const parts = [pair.slice(0, colon), pair.slice(colon + 1)];
  return [header, encoded, pair, ...parts.flatMap(asInUrl)];
}

function redisSecrets(redis: Config['redis']): string[] {
  const { password } = redis;
  const passwords = [password, redis.kind === 'sentinel' ? redis.sentinelPassword : undefined];
  return passwords.flatMap((secret) => (secret === undefined ? [] : asInUrl(secret.reveal())));
}

/** Returns the password of a URL as it stands there, and decoded. */
function passwordOf(url: string): string[] {
  const { password } = new URL(url);
  return [password, decodeURIComponent(password)];
}

const asInUrl = (text: string): string[] => [text, encodeURIComponent(text)];

/** Length in characters; shorter values, such as `true`, occur in ordinary sentences. */
const shortest = 8;
