/** A provider of the audit: an upstream, its models, and its prices. */
export interface AuditProvider {
  /** Id of the upstream. */
  readonly id: string;
  readonly type: string;
  /** Path below the simulator. */
  readonly path: string;
  /** Start of the names of its models; the simulator's directives follow. */
  readonly model: string;
  readonly options?: object;
  readonly operation: 'chat' | 'embeddings';
}

const signingKey = 'key-@@@@)))()((9))-xxxx&&&%%%%%';

/** All provider types that the simulator serves; each that embeds is there a second time. */
export const providers: readonly AuditProvider[] = [
  { id: 'openai', type: 'openai', path: '/v1', model: 'gpt-sim-', operation: 'chat' },
  { id: 'azure', type: 'azure', path: '/openai/v1', model: 'azure-sim-', operation: 'chat' },
  { id: 'anthropic', type: 'anthropic', path: '/v1', model: 'claude-sim-', operation: 'chat' },
  { id: 'gemini', type: 'gemini', path: '/v1beta', model: 'gemini-sim-', operation: 'chat' },
  { id: 'ollama', type: 'ollama', path: '', model: 'llama-sim-', operation: 'chat' },
  { id: 'coze', type: 'coze', path: '', model: 'bot-73000000000000000-', operation: 'chat' },
  { id: 'bailian', type: 'bailian', path: '', model: 'app-', operation: 'chat' },
  { id: 'zai', type: 'zai', path: '/api/paas/v4', model: 'glm-4.5-', operation: 'chat' },
  {
    id: 'zai-web',
    type: 'zai-web',
    path: '',
    model: 'web-sim-',
    operation: 'chat',
    options: { signing_variant: 'v2', signing_key: signingKey },
  },
  { id: 'iflow', type: 'iflow', path: '/iflow/v1', model: 'glm-4.7-', operation: 'chat' },
  { id: 'openai-embed', type: 'openai', path: '/v1', model: 'embed-sim-', operation: 'embeddings' },
  { id: 'azure-embed', type: 'azure', path: '/openai/v1', model: 'azembed-sim-', operation: 'embeddings' },
  { id: 'gemini-embed', type: 'gemini', path: '/v1beta', model: 'gemini-embedding-2', operation: 'embeddings' },
  {
    id: 'bailian-embed',
    type: 'bailian',
    path: '',
    model: 'text-embedding-v4',
    operation: 'embeddings',
    options: { mode: 'compatible' },
  },
  { id: 'ollama-embed', type: 'ollama', path: '', model: 'nomic-sim-', operation: 'embeddings' },
];

const credentials = ['a', 'b', 'c'] as const;

export const credentialKey = (id: string, credential: string): string => `tok-${id}-sim-${credential}`;

/** The upstream of each credential, as the simulator's bill names them. */
export const upstreamOfCredential: ReadonlyMap<string, string> = new Map(
  providers.flatMap(({ id }) => credentials.map((credential) => [credentialKey(id, credential), id] as const)),
);

/** Prices in US dollars per million tokens: of each upstream and each class another one. */
export const priceOverrides = providers.map(({ id }, at) => ({
  upstream: id,
  model: '*',
  input: 3 + at / 8,
  output: 15 + at / 4,
  cache_read: 0.3 + at / 16,
  cache_write: 3.75 + at / 16,
  reasoning: 17 + at / 2,
}));

export const upstreamsAt = (simulatorUrl: string): readonly object[] =>
  providers.map(({ id, type, path, options = {} }) => ({
    id,
    type,
    base_url: simulatorUrl + path,
    options,
    credentials: credentials.map((credential) => ({ id: credential, api_key: credentialKey(id, credential) })),
  }));

export const models = providers.map(({ id, model }) => ({ id: `${model}*`, targets: [{ upstream: id }] }));
