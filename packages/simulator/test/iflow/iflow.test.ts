import { createHmac } from 'node:crypto';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { requestFor, simulate } from '../simulate.ts';

const clientOf = (simulator: Simulator, apiKey: string): OpenAI =>
  new OpenAI({ apiKey, baseURL: `${simulator.url}/iflow/v1`, maxRetries: 0 });

async function grant({ url }: Simulator, form: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/iflow/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  expect(response.status).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}
const renew = (simulator: Simulator, token: string): Promise<Record<string, unknown>> =>
  grant(simulator, { grant_type: 'refresh_token', refresh_token: token });

async function keyOf({ url }: Simulator, accessToken: unknown): Promise<unknown> {
  const response = await fetch(`${url}/iflow/api/oauth/getUserInfo?accessToken=${String(accessToken)}`);
  return ((await response.json()) as { readonly data: { readonly apiKey?: string } | null }).data?.apiKey;
}

async function call({ url }: Simulator, model: string, headers: Readonly<Record<string, string>> = {}, stream = false) {
  return await fetch(`${url}/iflow/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer tok-a', ...headers },
    body: JSON.stringify({ ...requestFor(model), stream }),
  });
}

describe('logins', () => {
  it('start with a code that is returned with its state', async () => {
    const simulator = await simulate();
    const query = new URLSearchParams({ redirect: 'http://localhost:8087/cb', state: 's', client_id: 'ann' });
    const response = await fetch(`${simulator.url}/iflow/oauth?${query.toString()}`, { redirect: 'manual' });
    expect([response.status, response.headers.get('location')]).toEqual([
      302,
      'http://localhost:8087/cb?code=code-ann&state=s',
    ]);
    const given = await grant(simulator, { grant_type: 'authorization_code', code: 'code-ann' });
    expect(given).toMatchObject({ access_token: 'at-ann.0', refresh_token: 'rt-ann.0', expires_in: 172_800 });
    expect(await keyOf(simulator, given['access_token'])).toBe('sk-sim-ann.0');
  });

  it('accept each refresh token once, and then give another key', async () => {
    const simulator = await simulate();
    expect(await renew(simulator, 'rt-ann')).toMatchObject({ access_token: 'at-ann.1', refresh_token: 'rt-ann.1' });
    expect(await renew(simulator, 'rt-ann')).toMatchObject({ success: false });
    expect(await renew(simulator, 'rt-ann.1')).toMatchObject({ refresh_token: 'rt-ann.2' });
    const model = requestFor('glm-t1');
    await expect(clientOf(simulator, 'sk-sim-ann.1').chat.completions.create(model)).rejects.toThrow(
      OpenAI.AuthenticationError,
    );
    const answer = await clientOf(simulator, 'sk-sim-ann.2').chat.completions.create(model);
    expect(answer.choices).toHaveLength(1);
    simulator.reset();
    expect(await renew(simulator, 'rt-ann')).toMatchObject({ refresh_token: 'rt-ann.1' });
  });

  it('behave according to their names', async () => {
    const simulator = await simulate();
    expect(await renew(simulator, 'rt-keep')).not.toHaveProperty('refresh_token');
    expect(await renew(simulator, 'rt-short-a')).toMatchObject({ expires_in: 3600 });
    expect(await renew(simulator, 'rt-crowd-1')).toMatchObject({ success: false });
    expect(await renew(simulator, 'rt-crowd-1')).toMatchObject({ access_token: 'at-crowd-1.1' });
    expect(await keyOf(simulator, 'at-nokey.1')).toBeUndefined();
    expect(await keyOf(simulator, 'nonsense')).toBeUndefined();
  });
});

describe('chat', () => {
  it('counts in the chunk that finishes, unless the model does not count', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator, 'tok-a');
    for (const [model, counts] of [
      ['glm-t2', true],
      ['glm-nousage-t2', false],
    ] as const) {
      const chunks = [];
      for await (const chunk of await client.chat.completions.create({ ...requestFor(model), stream: true })) {
        chunks.push(chunk);
      }
      expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop');
      expect(chunks.map(({ usage }) => usage?.completion_tokens)).toEqual([
        ...Array(chunks.length - 1).fill(undefined),
        counts ? 2 : undefined,
      ]);
      const whole = await client.chat.completions.create(requestFor(model));
      expect(whole.usage !== undefined).toBe(counts);
    }
  });

  it('has null for the text of an answer that consists of reasoning', async () => {
    const whole = await clientOf(await simulate(), 'tok-a').chat.completions.create(requestFor('glm-t0-q1'));
    expect(whole.choices[0]?.message).toMatchObject({ content: null, reasoning_content: 'think0 ' });
  });

  it('streams as octets if requested', async () => {
    const response = await call(await simulate(), 'glm-octet-t1', {}, true);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(await response.text()).toContain('[DONE]');
  });

  it.each([
    ['e449', 200, { status: '449', body: null }],
    ['e434', 200, { status: '434' }],
    ['e439', 200, { status: '439' }],
    ['e406', 406, { error: { message: expect.any(String) } }],
    ['e401', 401, { error: { message: 'Invalid API key provided' } }],
    ['e500', 500, { error: { message: expect.any(String) } }],
  ])('has its own form for %s, also in a stream', async (directive, status, body) => {
    const simulator = await simulate();
    for (const stream of [false, true]) {
      const response = await call(simulator, `glm-${directive}`, {}, stream);
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('json');
      expect(await response.json()).toMatchObject(body);
    }
  });

  it('checks a signature if there is one', async () => {
    const simulator = await simulate();
    const signed = { 'user-agent': 'iFlow-Cli', 'session-id': 'session-1', 'x-iflow-timestamp': '5' };
    const signature = createHmac('sha256', 'tok-a').update('iFlow-Cli:session-1:5').digest('hex');
    const right = await call(simulator, 'glm-t1', { ...signed, 'x-iflow-signature': signature });
    expect(await right.json()).toHaveProperty('choices');
    const wrong = await call(simulator, 'glm-t1', { ...signed, 'x-iflow-signature': 'no' });
    expect(await wrong.json()).toMatchObject({ status: '434' });
  });
});
