import { loadConfig } from '@sluice/config';
import { fitRequest } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { createTargets } from '../../src/targets/targets.ts';
import { createFakeUpstream } from '../fake-upstream.ts';

const yaml = (lacks: string): string => `
keys: [{ name: k, key: sk-0123456789abcdef0123456789 }]
upstreams: [{ id: u, type: openai, base_url: 'http://u.example/v1', lacks: [${lacks}] }]
models: [{ id: m, targets: [{ upstream: u }] }]
`;

function targetThatLacks(lacks: string) {
  const env = { SLUICE_CONFIG: '/sluice.yaml', SLUICE_REDIS_URL: 'redis://127.0.0.1' };
  const [target] = createTargets(loadConfig({ env, cwd: '/', readFile: () => yaml(lacks) }), {
    clientOf: createFakeUpstream,
    maxBodyBytes: 1000,
  })('m', 'chat');
  if (target === undefined) throw new Error('there is no target');
  return target;
}

describe('a server without tools', () => {
  const { adapter } = targetThatLacks('tools');
  const fit = (body: Record<string, unknown>, dropUnsupported: boolean) =>
    fitRequest(body, adapter, { model: 'm', dropUnsupported });
  const tools = [{ type: 'function', function: { name: 'f' } }];

  it('gets no tools, and no fields about tools', () => {
    const body = { messages: [], tools, tool_choice: 'required', parallel_tool_calls: false, seed: 1 };
    expect(fit(body, true)).toMatchObject({ kind: 'fits', body: { messages: [], seed: 1 } });
    expect(fit(body, true)).not.toHaveProperty('body.tool_choice');
    expect(fit(body, true)).not.toHaveProperty('body.parallel_tool_calls');
    expect(fit(body, false)).toMatchObject({ kind: 'unsupported', failure: { param: 'tools' } });
  });

  it('gets a request without tools unchanged', () => {
    const body = { messages: [], tools: [], tool_choice: 'auto' };
    expect(fit(body, false)).toEqual({ kind: 'fits', body, dropped: [], unsent: [] });
  });
});
