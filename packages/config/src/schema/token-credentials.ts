import { type AccessTokens, catalogue } from '@sluice/providers/catalogue';
import { fieldOf, type Finding, itemsOf } from './across.ts';
import { isProviderType } from './provider-options.ts';

const kinds = ['api_key', 'anonymous', 'oauth_file'] as const;

/** Finds a credential of no kind or of several kinds. */
export function* findCredentialFaults(credential: unknown): Iterable<Finding> {
  const [first, second] = kinds.filter((kind) => fieldOf(credential, kind) !== undefined);
  const isMapping = typeof credential === 'object' && credential !== null && !Array.isArray(credential);
  if (isMapping && first === undefined) {
    yield { path: ['api_key'], message: 'is missing; set api_key, anonymous: true or oauth_file' };
  }
  if (second !== undefined) yield { path: [second], message: `contradicts ${first}; give only one of them` };
}

/** Finds credentials with access tokens of a kind that their provider does not issue. */
export function* findTokenFaults(upstream: unknown): Iterable<Finding> {
  const type = fieldOf(upstream, 'type');
  if (!isProviderType(type)) return;
  const { options, accessTokens } = catalogue[type];
  const parsed = options.safeParse(fieldOf(upstream, 'options') ?? {});
  // Options decide on the kinds of access tokens; {@link findOptionFaults} reports invalid ones.
  if (!parsed.success) return;
  const given = parsed.data;
  const isOn = accessTokens?.enabledBy === undefined || given[accessTokens.enabledBy] === true;
  const possible = isOn ? accessTokens : undefined;
  for (const [at, credential] of itemsOf(fieldOf(upstream, 'credentials'))) {
    const kind = (['anonymous', 'oauth_file'] as const).find((name) => fieldOf(credential, name) !== undefined);
    if (kind === undefined) continue;
    const message = objection(kind, type, possible);
    if (message !== undefined) yield { path: ['credentials', at, kind], message };
    else if (kind === 'oauth_file') yield* findMissing(possible?.requiredOptions ?? [], given);
  }
}

function objection(
  kind: 'anonymous' | 'oauth_file',
  type: string,
  possible: AccessTokens | undefined,
): string | undefined {
  if (possible === undefined) return `is not possible here; ${type} upstreams have keys only: give api_key`;
  if ((kind === 'oauth_file') === (possible.kind === 'login')) return undefined;
  return `is not possible here; ${type} upstreams take api_key or ${kind === 'anonymous' ? 'oauth_file' : 'anonymous: true'}`;
}

function* findMissing(names: readonly string[], options: Readonly<Record<string, unknown>>): Iterable<Finding> {
  for (const name of names.filter((name) => options[name] === undefined)) {
    yield { path: ['options', name], message: 'is missing; a credential with oauth_file needs it' };
  }
}
