import type { OidcIssuer } from '@sluice/config';
import {
  createRemoteJWKSet,
  customFetch,
  type JSONWebKeySet,
  type JWSHeaderParameters,
  type JWTVerifyGetKey,
  type RemoteJWKSet,
} from 'jose';
import { z } from 'zod';
import type { IssuerDocuments } from './issuer-documents.ts';

/** The public keys of one issuer. */
export interface IssuerKeys {
  /**
   * Returns the key of a token. One that is not known, or not with the token's algorithm, makes it read the issuer's keys
   * again, but not more often than `refetch_ms`.
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

export interface IssuerKeysNeeds {
  readonly documents: Pick<IssuerDocuments, 'read'>;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });

export function createIssuerKeys(
  { issuer, jwksUrl, refreshMs, refetchMs }: Pick<OidcIssuer, 'issuer' | 'jwksUrl' | 'refreshMs' | 'refetchMs'>,
  { documents, onError, now }: IssuerKeysNeeds,
): IssuerKeys {
  let timer: NodeJS.Timeout | undefined;
  let found: RemoteJWKSet | undefined;
  let reading: Promise<RemoteJWKSet> | undefined;
  let readAt = -Infinity;
  let hasFailed = false;

  /** Finds the address of the keys, which an issuer may tell, and reads them. */
  async function readOnce(): Promise<RemoteJWKSet> {
    try {
      const keys = (found ??= remoteKeys(await addressOf({ issuer, jwksUrl, documents }), documents));
      await keys.reload();
      hasFailed = false;
      return keys;
    } catch (error) {
      hasFailed = true;
      throw new IssuerUnavailable(`the keys of ${issuer} can not be read`, { cause: error });
    } finally {
      readAt = now();
    }
  }

  /** Tokens that come meanwhile wait for the same reading. */
  const read = (): Promise<RemoteJWKSet> => (reading ??= readOnce().finally(() => (reading = undefined)));

  const refresh = async (): Promise<void> => {
    await read().catch(onError);
    timer = setTimeout(() => void refresh(), refreshMs);
    timer.unref();
  };

  return {
    async find(header, token) {
      const known = found?.jwks();
      if (found !== undefined && known !== undefined && hasKey(known, header)) return await found(header, token);
      if (reading !== undefined || now() - readAt >= refetchMs) return await (await read())(header, token);
      if (found === undefined || known === undefined || hasFailed) {
        throw new IssuerUnavailable(`the keys of ${issuer} can not be read just now`);
      }
      // Throws that there is no such key.
      return await found(header, token);
    },
    start: () => void refresh(),
    close: () => clearTimeout(timer),
  };
}

/**
 * Keys that never expire: they stay in use while the issuer is away, and `reload` drops those that it has removed. Nor are
 * they read again by jose, which would do so for each token after a failure.
 */
const remoteKeys = (url: URL, documents: IssuerKeysNeeds['documents']): RemoteJWKSet =>
  createRemoteJWKSet(url, {
    cacheMaxAge: Infinity,
    cooldownDuration: Infinity,
    [customFetch]: async (address) => new Response(await documents.read(address)),
  });

const hasKey = ({ keys }: JSONWebKeySet, { kid, alg }: JWSHeaderParameters): boolean =>
  keys.some((key) => (kid === undefined || key.kid === kid) && (key.alg === undefined || key.alg === alg));

interface Place extends Pick<OidcIssuer, 'issuer'>, Pick<IssuerKeysNeeds, 'documents'> {
  readonly jwksUrl: string | undefined;
}

async function addressOf({ issuer, jwksUrl, documents }: Place): Promise<URL> {
  if (jwksUrl !== undefined) return new URL(jwksUrl);
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const text = await documents.read(url);
  const discovery = discoverySchema.parse(JSON.parse(text));
  if (discovery.issuer !== issuer) throw new Error(`${url} is that of another issuer, ${discovery.issuer}`);
  return new URL(discovery.jwks_uri);
}
