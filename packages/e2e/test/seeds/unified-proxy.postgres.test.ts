import { createTestDatabase, until, verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { playReadme } from './play.ts';

const clientKey = 'sk-unified-records-0001';
const answers = z.looseObject({
  data: z.array(z.looseObject({})).optional(),
  id: z.string().optional(),
  key: z.string().optional(),
});

describe('unified-proxy with a database', () => {
  const play = playReadme('unified-proxy', async (simulatorUrl) => ({
    DATABASE_URL: await createTestDatabase(),
    API_KEY: 'tok-unified-records',
    BASE_URL: `${simulatorUrl}/v1`,
    ACTUAL_NAME: 'gpt-3.5-turbo',
    SLUICE_API_KEYS: clientKey,
  }));

  async function ask(key: string, path: string, body?: object) {
    const answer = await fetch(play().url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, json: answers.parse(await answer.json()) };
  }

  const adminKey = (): Promise<string> =>
    until(() => /Admin key[^]*?(sk-\S+)/.exec(play().ingress.output())?.[1], {
      what: 'the admin key',
      timeoutMs: 60_000,
    });

  it('makes an admin key at the first start, and shows it', verifies('003-15'), async () => {
    expect(await adminKey()).toMatch(/^sk-\w{20,}$/);
  });

  it('manages keys that its database holds, for admins', verifies('003-16', '003-45'), async () => {
    const admin = await adminKey();
    const made = await ask(admin, '/auth/keys', { name: 'made' });
    expect(made.status).toBeLessThan(300);
    expect((await ask(admin, '/auth/keys')).json.data).toEqual(
      expect.arrayContaining([expect.objectContaining({ id: made.json.id, name: 'made' })]),
    );
    expect((await ask(clientKey, '/auth/keys')).status).toBe(403);
    const chat = { model: 'gpt-3.5-turbo', messages: [{ role: 'user', content: 'Hello!' }] };
    const key = made.json.key ?? '';
    await until(async () => (await ask(key, '/chat/completions', chat)).status === 200, {
      what: 'an answer for the key',
    });
  });

  it("creates conversations, and lists a user's", verifies('003-18', '003-43', '003-44'), async () => {
    const created = await ask(clientKey, '/conversations/', { user_id: 'u1', title: 'first' });
    expect(created).toMatchObject({ status: 200, json: { id: expect.any(String) } });
    const { json } = await ask(clientKey, '/conversations/user/u1?page=1&page_size=10');
    expect(json).toMatchObject({ data: [{ id: created.json.id, title: 'first' }] });
  });
});
