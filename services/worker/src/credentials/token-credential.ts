import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { UpstreamConfig, UpstreamCredential } from '@sluice/config';
import type { ProviderToken, TokenResult, TokenSource } from '@sluice/providers';
import type { TokenCredential } from '@sluice/access-tokens';
import { redactFailure } from '../attempt/redact-failure.ts';
import { runSteps } from '../attempt/run-steps.ts';
import { type CallClient, headerSecrets } from '../targets/upstream-clients.ts';

export interface TokenCredentialNeeds {
  readonly clientOf: (upstreamId: string) => CallClient;
  readonly maxBodyBytes: number;
}

export interface TokenCredentialFacts {
  readonly upstream: Pick<UpstreamConfig, 'id' | 'baseUrl' | 'headers'>;
  readonly credential: UpstreamCredential;
  readonly source: TokenSource;
}

/** Time limit of one call to the source of access tokens. */
const stepMs = 10_000;
/** Maximum number of calls for one access token; more mean a bug or a hostile server. */
const maxSteps = 16;

/** Describes how the vault gets the access tokens of a credential; undefined for a credential with a key. */
export function toTokenCredential(
  { clientOf, maxBodyBytes }: TokenCredentialNeeds,
  { upstream, credential, source }: TokenCredentialFacts,
): TokenCredential | undefined {
  const { tokens: origin } = credential;
  if (origin === undefined) return undefined;
  return {
    upstreamId: upstream.id,
    credentialId: credential.id,
    source,
    async obtain(before, nowMs, withinMs) {
      let kept: string | undefined;
      const keep = (renewal: string): void => void (kept = renewal);
      const steps = source.obtain(before, { baseUrl: upstream.baseUrl, nowMs, newId: randomUUID, keep });
      const taken = await runSteps<TokenResult>(steps, {
        client: clientOf(upstream.id),
        left: interrupted,
        // A renewal continues after its request is cancelled: the provider may already have used up the previous token.
        signal: new AbortController().signal,
        stepMs,
        remainingMs: withinMs,
        maxBodyBytes,
        maxSteps,
      });
      const result = taken.kind === 'done' ? taken.result : taken.kind === 'failed' ? taken : interrupted;
      if (result.kind === 'token') return result;
      const secrets = [...secretsOf(source, before), ...headerSecrets(upstream), ...(kept === undefined ? [] : [kept])];
      return { renewal: kept, ...result, failure: redactFailure(result.failure, secrets) };
    },
    ...(origin.kind === 'login' ? { readBrought: () => readLogin(origin.path, source) } : {}),
  };
}

const interrupted: TokenResult = {
  kind: 'failed',
  failure: { kind: 'timeout', message: "The provider's access token could not be renewed in time." },
};

const secretsOf = ({ secrets = [] }: TokenSource, before: ProviderToken | undefined): string[] =>
  [...secrets, before?.value ?? '', before?.renewal ?? ''].filter((secret) => secret !== '');

/** Returns undefined for a login that can't be read: the source then reports what the operator has to do. */
async function readLogin(path: string, source: TokenSource): Promise<ProviderToken | undefined> {
  try {
    return source.readLogin?.(await readFile(path, 'utf8'));
  } catch {
    return undefined;
  }
}
