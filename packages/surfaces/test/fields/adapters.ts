import { type ProviderAdapter, providers, type ProviderType } from '@sluice/providers';

/** A column of the tables: an upstream with the default options of its type. */
export interface Column {
  readonly title: string;
  readonly adapter: ProviderAdapter;
  readonly baseUrl: string;
  /** The provider's own name of a model. */
  readonly model: string;
}

function column(title: string, type: ProviderType, { options = {}, baseUrl, model = 'm' }: Partial<Choice>): Column {
  const place = baseUrl ?? providers[type].defaultBaseUrl ?? 'http://upstream.example/v1';
  return { title, adapter: providers[type].create(options, place), baseUrl: place, model };
}

interface Choice {
  readonly options: object;
  readonly baseUrl: string;
  readonly model: string;
}

export const columns: readonly Column[] = [
  column('openai', 'openai', { baseUrl: 'https://api.openai.com/v1' }),
  column('openai, other servers', 'openai', {}),
  column('azure', 'azure', { baseUrl: 'https://own.openai.azure.com' }),
  column('anthropic', 'anthropic', { model: 'claude-sonnet-4-6' }),
  column('gemini', 'gemini', { model: 'gemini-3-pro' }),
  column('coze', 'coze', {}),
  column('bailian', 'bailian', {}),
  column('bailian, compatible', 'bailian', { options: { mode: 'compatible' } }),
  column('zai', 'zai', { model: 'glm-4.6' }),
  column('zai-web', 'zai-web', { options: { signing_variant: 'none' }, model: 'glm-4.6v' }),
  column('iflow', 'iflow', { model: 'glm-4.6' }),
  column('ollama', 'ollama', {}),
];
