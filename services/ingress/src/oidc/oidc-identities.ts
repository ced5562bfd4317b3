import { createHash, hash } from 'node:crypto';
import type { EnvironmentProxies, OidcIssuer } from '@sluice/config';
import { keySettings } from '@sluice/config/schema';
import { GatewayError } from '@sluice/protocol';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import type { PrincipalTeam } from '../context.ts';
import type { KnownKey } from '../keys/known-key.ts';
import { createIssuerDocuments } from './issuer-documents.ts';
import { createIssuerKeys, type IssuerKeys, IssuerUnavailable } from './issuer-keys.ts';

/** Tokens of OIDC issuers as client keys. */
export interface OidcIdentities {
  /** Returns what a token that was verified before may do. */
  find(token: string): KnownKey | undefined;
  /** True for a text in the form of a token, if there is an issuer. */
  isToken(text: string): boolean;
  /**
   * Verifies a token: issuer, audience, signature, times.
   * @throws GatewayError 401 with the reason; 503 if the keys of its issuer can't be read
   */
  verify(token: string): Promise<KnownKey>;
  /** Forgets verified tokens: their next requests verify them again. */
  forget(): void;
  start(): void;
  close(): void;
}

export interface OidcNeeds {
  readonly issuers: readonly OidcIssuer[];
  /** The proxies of the environment, through which issuers are called. */
  readonly proxies: EnvironmentProxies;
  readonly findTeam: (id: string) => PrincipalTeam | undefined;
  readonly onError: (error: unknown) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** Verified tokens that are kept, the latest ones: each costs some 1 kB. */
const mostTokens = 10_000;
/** Time for which a verified token is taken without another look: a key that its issuer has removed ends with it. */
const mostKeptMs = 300_000;
const longestToken = 16_384;
const form = /^[\w-]+\.[\w-]+\.[\w-]+$/;

interface Issuer {
  readonly settings: OidcIssuer;
  readonly keys: IssuerKeys;
}

interface Verified {
  readonly key: KnownKey;
  readonly keptUntil: number;
}

export function createOidcIdentities({ issuers, proxies, findTeam, onError, now }: OidcNeeds): OidcIdentities {
  const documents = createIssuerDocuments(proxies);
  const byName = new Map<string, Issuer>(
    issuers.map((settings) => [
      settings.issuer,
      { settings, keys: createIssuerKeys(settings, { documents, onError, now }) },
    ]),
  );
  const verified = new Map<string, Verified>();
  const placeOf = (token: string): string => hash('sha256', token, 'base64');

  function keep(token: string, key: KnownKey): void {
    const [oldest] = verified.keys();
    if (verified.size >= mostTokens && oldest !== undefined) verified.delete(oldest);
    verified.set(placeOf(token), { key, keptUntil: now() + mostKeptMs });
  }

  return {
    find(token) {
      if (verified.size === 0) return undefined;
      const place = placeOf(token);
      const found = verified.get(place);
      if (found === undefined) return undefined;
      if (found.keptUntil > now()) return found.key;
      verified.delete(place);
      return undefined;
    },
    isToken: (text) => byName.size > 0 && text.length <= longestToken && form.test(text),
    async verify(token) {
      const issuer = byName.get(issuerOf(token));
      if (issuer === undefined) throw refused('its issuer is not configured here');
      const payload = await check(token, issuer);
      const key = toKey(payload, { ...issuer, token, findTeam });
      keep(token, key);
      return key;
    },
    forget: () => verified.clear(),
    start() {
      for (const { keys } of byName.values()) keys.start();
    },
    close() {
      for (const { keys } of byName.values()) keys.close();
      void documents.close();
    },
  };
}

const refused = (reason: string, cause?: unknown): GatewayError =>
  new GatewayError('invalid_api_key', { message: `This token is not accepted: ${reason}.`, cause });

/** The claim is not verified yet; it chooses the keys with which it will be. */
function issuerOf(token: string): string {
  try {
    return decodeJwt(token).iss ?? '';
  } catch (error) {
    throw refused('it can not be read', error);
  }
}

async function check(
  token: string,
  { settings, keys }: Issuer,
): Promise<JWTPayload & { readonly exp: number; readonly sub: string }> {
  const { issuer, audience, algorithms, clockToleranceMs } = settings;
  try {
    const { payload } = await jwtVerify(token, keys.find, {
      issuer,
      audience: [...audience],
      algorithms: [...algorithms],
      clockTolerance: clockToleranceMs / 1000,
      requiredClaims: ['exp', 'sub'],
    });
    return { ...payload, ...z.object({ exp: z.number(), sub: z.string().min(1) }).parse(payload) };
  } catch (error) {
    throw explain(error);
  }
}

function explain(error: unknown): GatewayError {
  if (error instanceof IssuerUnavailable) {
    return new GatewayError('issuer_unavailable', { retryAfterMs: 1000, cause: error });
  }
  if (error instanceof errors.JWTExpired)
    return new GatewayError('key_expired', { message: 'This token has expired.' });
  if (error instanceof errors.JWTClaimValidationFailed) return refused(`its claim "${error.claim}" is wrong`, error);
  if (error instanceof errors.JOSEAlgNotAllowed) return refused('its algorithm is not allowed', error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused('its signature is wrong', error);
  if (error instanceof errors.JWKSNoMatchingKey) return refused('its issuer has no such key', error);
  return refused('it can not be verified', error);
}

interface KeyNeeds extends Issuer, Pick<OidcNeeds, 'findTeam'> {
  readonly token: string;
}

const globs = keySettings.models;
const limitsClaim = keySettings.limits;

/** Returns what the claims allow. A claim that has another form than the configuration says is refused, not ignored. */
function toKey(
  payload: JWTPayload & { readonly exp: number; readonly sub: string },
  { settings, token, findTeam }: KeyNeeds,
): KnownKey {
  const { claims, issuer } = settings;
  const text = (claim: string): string => read(payload, claim, z.string().min(1).max(256));
  const teamId = claims.team === undefined ? settings.team : text(claims.team);
  const team = teamId === undefined ? undefined : findTeam(teamId);
  const hasLimits = claims.limits !== undefined && payload[claims.limits] !== undefined;
  const hasModels = claims.models !== undefined && payload[claims.models] !== undefined;
  return {
    digest: hash('sha256', token, 'buffer'),
    principal: {
      keyId: `oidc_${createHash('sha256').update(`${issuer}\n${payload.sub}`).digest('hex').slice(0, 16)}`,
      name: text(claims.name),
      hint: undefined,
      isAnonymous: false,
      models: hasModels ? read(payload, claims.models ?? '', globs) : settings.models,
      limits: hasLimits ? toLimits(read(payload, claims.limits ?? '', limitsClaim)) : settings.limits,
      weight: 1,
      thinking: undefined,
      budgets: settings.budgets,
      team,
      owner: text(claims.owner),
      tags: settings.tags,
      mayLogBodies: false,
    },
    isAdmin: false,
    isRevoked: false,
    lacksTeam: teamId !== undefined && team === undefined,
    expiresAt: payload.exp * 1000 + settings.clockToleranceMs,
    addresses: undefined,
  };
}

function read<Schema extends z.ZodType>(payload: JWTPayload, claim: string, schema: Schema): z.output<Schema> {
  const { success, data } = schema.safeParse(payload[claim]);
  if (success) return data;
  throw refused(
    payload[claim] === undefined ? `it has no claim "${claim}"` : `its claim "${claim}" has the wrong form`,
  );
}

const toLimits = ({ concurrency, rpm, rpm_burst, tpm, tpm_burst }: z.output<typeof limitsClaim>) =>
  Object.fromEntries(
    Object.entries({ concurrency, rpm, rpmBurst: rpm_burst, tpm, tpmBurst: tpm_burst }).filter(
      ([, value]) => value !== undefined,
    ),
  );
