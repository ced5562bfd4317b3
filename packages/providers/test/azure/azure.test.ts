import { type CallPlan, providers } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';

const plan = (over: Partial<CallPlan> = {}): CallPlan =>
  planOf({ model: 'my deployment', baseUrl: 'https://name.openai.azure.com', apiKey: 'tok', ...over });
const adapter = providers.azure.create({});

describe('a request to Azure', () => {
  it.each<[string, Partial<CallPlan>, object, string]>([
    ['a deployment', {}, {}, '/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21'],
    [
      'a deployment and a version',
      {},
      { api_version: '2025-01-01-preview' },
      '/openai/deployments/my%20deployment/chat/completions?api-version=2025-01-01-preview',
    ],
    ['the v1 API', { baseUrl: 'https://name.openai.azure.com/openai/v1' }, {}, '/openai/v1/chat/completions'],
    [
      'the v1 API and a version',
      { baseUrl: 'https://name.openai.azure.com/openai/v1' },
      { api_version: 'preview' },
      '/openai/v1/chat/completions?api-version=preview',
    ],
  ])('goes to %s', (_what, over, options, path) => {
    const { url, body } = providers.azure.create(options).toUpstream({ messages: [] }, plan(over));
    expect(url).toBe(`https://name.openai.azure.com${path}`);
    expect(JSON.parse(String(body))).toMatchObject({ model: 'my deployment', stream_options: { include_usage: true } });
  });

  it('carries the key in its own header', () => {
    const { headers } = adapter.toUpstream({}, plan());
    expect(headers).toMatchObject({ 'api-key': 'tok' });
    expect(headers).not.toHaveProperty('authorization');
    expect(adapter.toUpstream({}, plan({ apiKey: undefined })).headers).not.toHaveProperty('api-key');
  });
});
