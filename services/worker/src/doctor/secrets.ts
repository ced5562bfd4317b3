import type { Config } from '@sluice/config';
import { providers } from '@sluice/providers';
import { headerSecrets } from '../upstream-clients.ts';

const secretVariable = /KEY|TOKEN|SECRET|PASS|CREDENTIAL/i;

/** All texts that must not be printed: those of the configuration, and of variables that are named like secrets. */
export function secretsOf(
  { upstreams, redis, secretKey }: Config,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  return [
    ...upstreams.flatMap(({ type, options, baseUrl, credentials, headers, proxy }) => [
      ...headerSecrets({ headers }),
      ...(proxy === undefined || proxy === 'none' ? [] : [proxy.authorization?.reveal() ?? '']),
      ...(providers[type].create(options, baseUrl).secrets ?? []),
      ...credentials.flatMap(({ apiKey }) => apiKey?.reveal() ?? []),
    ]),
    ...[redis.password, secretKey].flatMap((secret) => secret?.reveal() ?? []),
    ...Object.entries(env).flatMap(([name, text]) => (secretVariable.test(name) && text !== undefined ? [text] : [])),
  ].filter((text) => text.length >= shortest);
}

/** Shorter ones, such as `true`, are words of sentences. */
const shortest = 8;
