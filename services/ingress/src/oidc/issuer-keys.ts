import type { OidcIssuer } from '@sluice/config';
import { createRemoteJWKSet, type JWTVerifyGetKey, type RemoteJWKSet } from 'jose';
import { z } from 'zod';

/** The public keys of one issuer. */
export interface IssuerKeys {
  /**
   * Returns the key of a token. One that is not known makes it read the issuer's keys again, but not more often than
   * `refetch_ms`.
   * @throws errors of jose, and IssuerUnavailable
   */
  readonly find: JWTVerifyGetKey;
  /** Reads the keys of the issuer, and again every `refresh_ms`. */
  start(): void;
  close(): void;
}

/** The keys of an issuer are not known, because it can't be reached. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** Time limit of one reading. */
const timeoutMs = 5000;

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export function createIssuerKeys(
  { issuer, jwksUrl, refreshMs, refetchMs }: Pick<OidcIssuer, 'issuer' | 'jwksUrl' | 'refreshMs' | 'refetchMs'>,
  { onError, now }: { readonly onError: (error: unknown) => void; readonly now: () => number },
): IssuerKeys {
  let timer: NodeJS.Timeout | undefined;
  let opened: Promise<RemoteJWKSet> | undefined;
  let failedAt = -Infinity;

  /** Finds the address of the keys once; a failure is repeated after `refetch_ms` at the earliest. */
  function open(): Promise<RemoteJWKSet> {
    if (opened === undefined && now() - failedAt < refetchMs) {
      return Promise.reject(new IssuerUnavailable(`the keys of ${issuer} can not be read just now`));
    }
    return (opened ??= addressOf(issuer, jwksUrl).then(
      // Known keys never expire: they stay in use while the issuer is away. `refresh` drops those that it has removed.
      (url) =>
        createRemoteJWKSet(url, { cacheMaxAge: Infinity, cooldownDuration: refetchMs, timeoutDuration: timeoutMs }),
      (error: unknown) => {
        opened = undefined;
        failedAt = now();
        throw new IssuerUnavailable(`the keys of ${issuer} can not be found`, { cause: error });
      },
    ));
  }

  let readFailedAt = -Infinity;
  const readAgain = async (keys: RemoteJWKSet): Promise<void> => {
    try {
      await keys.reload();
    } catch (error) {
      readFailedAt = now();
      throw new IssuerUnavailable(`the keys of ${issuer} can not be read`, { cause: error });
    }
  };

  const refresh = async (): Promise<void> => {
    try {
      await readAgain(await open());
    } catch (error) {
      onError(error);
    }
    timer = setTimeout(() => void refresh(), refreshMs);
    timer.unref();
  };

  return {
    async find(header, token) {
      const keys = await open();
      const isKnown = keys.jwks()?.keys.some(({ kid }) => header.kid === undefined || kid === header.kid) === true;
      if (!isKnown && (keys.jwks() === undefined || !keys.coolingDown)) {
        // jose waits after a success only: an issuer that is away must not be asked for each token.
        if (now() - readFailedAt < refetchMs)
          throw new IssuerUnavailable(`the keys of ${issuer} can not be read just now`);
        await readAgain(keys);
      }
      return await keys(header, token);
    },
    start: () => void refresh(),
    close: () => clearTimeout(timer),
  };
}

async function addressOf(issuer: string, jwksUrl: string | undefined): Promise<URL> {
  if (jwksUrl !== undefined) return new URL(jwksUrl);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const found = discoverySchema.parse(await response.json());
  if (found.issuer !== issuer) throw new Error(`${url} is that of another issuer, ${found.issuer}`);
  return new URL(found.jwks_uri);
}
