import { providers, type TokenSource } from '@sluice/providers';
import { fieldOf, type Finding, itemsOf } from './across.ts';
import { isProviderType } from './provider-options.ts';

const kinds = ['api_key', 'anonymous', 'oauth_file'] as const;

/** A credential that says in no way what it is, or in several. */
export function* findCredentialFaults(credential: unknown): Iterable<Finding> {
  const [first, second] = kinds.filter((kind) => fieldOf(credential, kind) !== undefined);
  const isMapping = typeof credential === 'object' && credential !== null && !Array.isArray(credential);
  if (isMapping && first === undefined) {
    yield { path: ['api_key'], message: 'is missing; give it, or anonymous: true, or oauth_file' };
  }
  if (second !== undefined) yield { path: [second], message: `contradicts ${first}; give only one of them` };
}

/** Credentials with tokens at a provider that gives out none of that sort. */
export function* findTokenFaults(upstream: unknown): Iterable<Finding> {
  const type = fieldOf(upstream, 'type');
  if (!isProviderType(type)) return;
  const options = fieldOf(upstream, 'options') ?? {};
  // Without its options nobody knows what it can do; they are complained of elsewhere.
  if (!providers[type].options.safeParse(options).success) return;
  const source = providers[type].create(options).tokens;
  for (const [at, credential] of itemsOf(fieldOf(upstream, 'credentials'))) {
    const kind = (['anonymous', 'oauth_file'] as const).find((name) => fieldOf(credential, name) !== undefined);
    if (kind === undefined) continue;
    const message = objection(kind, type, source);
    if (message !== undefined) yield { path: ['credentials', at, kind], message };
    else if (kind === 'oauth_file') yield* missingOptions(source?.missingOptions ?? []);
  }
}

function objection(
  kind: 'anonymous' | 'oauth_file',
  type: string,
  source: TokenSource | undefined,
): string | undefined {
  const isPossible = source !== undefined && (kind === 'oauth_file') === (source.readLogin !== undefined);
  if (isPossible) return undefined;
  if (source === undefined) return `is not possible here; ${type} upstreams have keys only: give api_key`;
  return `is not possible here; ${type} upstreams take api_key or ${kind === 'anonymous' ? 'oauth_file' : 'anonymous: true'}`;
}

function* missingOptions(names: readonly string[]): Iterable<Finding> {
  for (const name of names) {
    yield { path: ['options', name], message: 'is missing; a credential with oauth_file needs it' };
  }
}
