import type OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { clientOf, simulate } from '../simulate.ts';

describe('the model list', () => {
  it('contains the model of the first run', async () => {
    const client = clientOf(await simulate());
    const { data } = await client.models.list();
    expect(data[0]).toEqual({
      id: 'demo',
      object: 'model',
      created: 1_700_000_000,
      owned_by: 'simulator',
    } satisfies OpenAI.Model);
  });

  it('is also served without /v1', async () => {
    const simulator = await simulate();
    const response = await fetch(`${simulator.url}/models?limit=2`, { headers: { 'api-key': 'tok-a' } });
    expect(await response.json()).toMatchObject({ object: 'list' });
  });

  it('applies a credential’s faults and does not use the script', async () => {
    const simulator = await simulate();
    simulator.script([{ directives: 'e500', times: 1 }]);
    await expect(clientOf(simulator).models.list()).resolves.toBeDefined();
    await expect(clientOf(simulator, 'tok-a-e401').models.list()).rejects.toMatchObject({ status: 401 });
    const headers = { authorization: 'Bearer tok-a-errev' };
    const answer = await (await fetch(`${simulator.url}/v1/models`, { headers })).json();
    expect(answer).toMatchObject({ error: { type: 'server_error' } });
  });
});
