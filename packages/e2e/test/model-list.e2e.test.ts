import { until } from '@sluice/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { apiKey, type Sluice, startSluice, upstream } from './sluice.ts';

const narrowKey = 'sk-test-narrow-0001';
/** No process listens there. */
const nowhere = 'http://127.0.0.1:9/v1';

let sluice: Sluice;
beforeAll(async () => {
  sluice = await startSluice({
    ingresses: 2,
    workers: 2,
    config: (simulatorUrl) => ({
      keys: [
        { name: 'test', key: apiKey },
        { name: 'narrow', key: narrowKey, models: ['claude-*', 'glm-4.7', 'small'] },
      ],
      upstreams: [
        upstream('openai', simulatorUrl),
        { ...upstream('claude', simulatorUrl), type: 'anthropic' },
        { ...upstream('gemini', simulatorUrl), type: 'gemini', base_url: `${simulatorUrl}/v1beta` },
        { ...upstream('zai', simulatorUrl), type: 'zai', base_url: `${simulatorUrl}/api/paas/v4` },
        { ...upstream('ollama', simulatorUrl), type: 'ollama', base_url: simulatorUrl },
        {
          ...upstream('bailian', simulatorUrl),
          type: 'bailian',
          base_url: simulatorUrl,
          options: { mode: 'compatible' },
        },
        { ...upstream('azure', simulatorUrl), type: 'azure', base_url: simulatorUrl },
        { ...upstream('down', simulatorUrl), base_url: nowhere },
      ],
      models: [
        { id: 'small', targets: [{ upstream: 'openai', model: 'gpt-4o-mini' }] },
        { id: 'GPT-4o', targets: [{ upstream: 'azure', model: 'deployment' }] },
        { id: 'gpt-*', targets: [{ upstream: 'openai' }, { upstream: 'down' }] },
        { id: 'claude-{opus,sonnet}-*', targets: [{ upstream: 'claude' }] },
        { id: 'any-*', targets: [{ upstream: 'openai', model: 'demo' }] },
        { id: 'gemini-*', targets: [{ upstream: 'gemini' }] },
        { id: 'imagen-*', targets: [{ upstream: 'gemini' }] },
        { id: 'glm-*', targets: [{ upstream: 'zai' }] },
        { id: '*:latest', targets: [{ upstream: 'ollama' }] },
        { id: 'o[0-9]-*', targets: [{ upstream: 'bailian' }] },
        { id: 'azure-*', targets: [{ upstream: 'azure' }] },
      ],
    }),
  });
});

interface Listed {
  readonly id: string;
  readonly owned_by: string;
}

async function list(key = apiKey, at = 0): Promise<readonly Listed[]> {
  const response = await fetch(`${sluice.url(at)}/models`, { headers: { authorization: `Bearer ${key}` } });
  const { data } = (await response.json()) as { readonly data: readonly Listed[] };
  return data;
}

const byCodePoint = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const expected = [
  ['small', 'openai'],
  ['GPT-4o', 'azure'],
  ['gpt-4o-mini', 'openai'],
  ['claude-opus-4-5', 'claude'],
  ['claude-sonnet-4-5', 'claude'],
  ['gemini-2.5-flash', 'gemini'],
  ['gemini-2.5-pro', 'gemini'],
  ['gemini-embedding-001', 'gemini'],
  ['glm-4.5', 'zai'],
  ['glm-4.6', 'zai'],
  ['glm-4.7', 'zai'],
  ['demo:latest', 'ollama'],
  ['o3-mini', 'bailian'],
];

describe('GET /v1/models', () => {
  it('asks no upstream before a client has asked', async () => {
    expect(await sluice.simulator.calls()).toEqual([]);
  });

  it('lists the models that globs cover, as far as their upstreams list them, within 2 s', async () => {
    const before = performance.now();
    const first = await list();
    expect(performance.now() - before).toBeLessThan(2500);
    // A list that arrives later than that is in a later answer.
    const whole = await until(async () => (await list()).length >= expected.length && (await list()), {
      what: 'all lists',
      timeoutMs: 10_000,
    });
    expect(whole.map(({ id, owned_by }) => [id, owned_by])).toEqual(expected);
    expect(whole).toEqual(expect.arrayContaining([...first]));
  });

  it('asks each upstream once for all replicas, with the credentials of the operator', async () => {
    expect((await list(apiKey, 1)).map(({ id }) => id)).toEqual(expected.map(([id]) => id));
    const calls = await sluice.simulator.calls();
    expect(calls.map(({ path, credential }) => `${path} ${credential}`).toSorted(byCodePoint)).toEqual([
      '/api/paas/v4/models tok-zai-a',
      '/api/tags tok-ollama-a',
      '/compatible-mode/v1/models tok-bailian-a',
      '/v1/models tok-claude-a',
      '/v1/models tok-openai-a',
      '/v1beta/models tok-gemini-a',
    ]);
  });

  it('lists only what the key may use', async () => {
    expect((await list(narrowKey)).map(({ id }) => id)).toEqual([
      'small',
      'claude-opus-4-5',
      'claude-sonnet-4-5',
      'glm-4.7',
    ]);
  });

  it('is quick after the first wait for an upstream that is down', async () => {
    const before = performance.now();
    await list();
    await list(apiKey, 1);
    expect(performance.now() - before).toBeLessThan(1000);
  });

  it.each([
    ['glm-4.7', 'zai'],
    ['claude-opus-4-1', 'claude'],
    ['small', 'openai'],
  ])('shows %s of %s alone, listed by its upstream or not', async (id, owner) => {
    const response = await fetch(`${sluice.url()}/models/${id}`, { headers: { authorization: `Bearer ${apiKey}` } });
    expect(await response.json()).toMatchObject({ id, object: 'model', owned_by: owner });
  });

  it('counts the list requests and logs the failed ones, without a secret', async () => {
    const pages = await Promise.all(
      sluice.fleet.workers.map(async ({ managementUrl }) => (await fetch(`${managementUrl}/metrics`)).text()),
    );
    const counted = (pattern: RegExp): number => pages.flatMap((page) => page.match(pattern) ?? []).length;
    expect(counted(/^sluice_model_list_calls_total\{[^}]*upstream="zai",outcome="complete"[^}]*\} 1$/gm)).toBe(1);
    expect(
      counted(/^sluice_model_list_calls_total\{[^}]*upstream="down",outcome="error"[^}]*\} [1-9]/gm),
    ).toBeGreaterThan(0);
  });
});
