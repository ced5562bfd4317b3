import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isSigned } from '../../src/zai-web/signature.ts';
import { simulate } from '../simulate.ts';

interface Ask {
  readonly model: string;
  readonly token?: string;
  readonly userId?: string;
  readonly thinks?: boolean;
  readonly key?: string;
  /** Time by which the client's clock is fast, in ms. */
  readonly skewMs?: number;
}

async function ask({ model, token = 'tok-a', userId = 'guest', thinks = false, key = newerKey, skewMs = 0 }: Ask) {
  const { url } = await simulate();
  const timestamp = String(Date.now() + skewMs);
  const query = new URLSearchParams({
    requestId: 'r',
    timestamp,
    user_id: userId,
    token,
    signature_timestamp: timestamp,
  });
  const windowKey = hmac(key, String(Math.floor(Number(timestamp) / 300_000)));
  const text = Buffer.from('rid=x').toString('base64');
  const signature = hmac(windowKey, `requestId,r,timestamp,${timestamp},user_id,${userId}|${text}|${timestamp}`);
  const response = await fetch(`${url}/api/v2/chat/completions?${query.toString()}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'x-signature': signature, 'x-fe-version': 'prod-fe-1.1.88' },
    body: JSON.stringify({
      stream: true,
      model,
      messages: [{ role: 'user', content: 'rid=x' }],
      signature_prompt: 'rid=x',
      features: { enable_thinking: thinks },
    }),
  });
  const body = await response.text();
  return { status: response.status, body, events: body.split('\n\n').map((line) => line.replace('data: ', '')) };
}

const newerKey = 'key-@@@@)))()((9))-xxxx&&&%%%%%';
const hmac = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('hex');

/** Returns the text that the page would show: each edit replaces all text after its index. */
function shownBy(events: readonly string[]): string {
  let text = '';
  for (const event of events.filter((each) => each.startsWith('{"type"'))) {
    const { data } = JSON.parse(event) as {
      data: { delta_content?: string; edit_content?: string; edit_index?: number };
    };
    text =
      data.edit_content === undefined
        ? text + (data.delta_content ?? '')
        : text.slice(0, data.edit_index) + data.edit_content;
  }
  return text;
}

describe('the backend of chat.z.ai', () => {
  it('accepts the published signatures', () => {
    const query = (requestId: string, userId: string, timestamp: string) =>
      new URLSearchParams({ requestId, timestamp, user_id: userId, signature_timestamp: timestamp });
    const seen = {
      api: 'v2',
      query: query('d9fb3ca8-676f-46c3-90c7-ddc70a74e46d', 'd0d30815-b85a-4270-af63-b5346a9f3b13', '1771762969397'),
      prompt: 'Reply with exactly: ok',
      signature: '26be53ded6069ead38e6d4d596e54b020aaa2e17f75a4fa29325ead00484b214',
    } as const;
    const window = 300_000;
    expect([-2, -1, 0, 1, 2].map((shift) => isSigned({ ...seen, nowMs: 1_771_762_969_397 + shift * window }))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
    const older = {
      api: 'v1',
      query: query('test-request-456', 'test-user-123', '1694169600000'),
      prompt: '这是一个测试消息，用于验证签名算法的一致性',
      signature: 'c26d0bc64a0aac997a300425c7fe2235d7c371f28f9aa4f6051c2436f2d2b815',
    } as const;
    expect(isSigned({ ...older, nowMs: 1_694_169_600_000 })).toBe(true);
    expect(isSigned({ ...older, api: 'v2', nowMs: 1_694_169_600_000 })).toBe(false);
  });

  it('shows wrapped reasoning, an edited end, and the usage before the last text', async () => {
    const { events } = await ask({ model: 'demo-edit-t3-q2', thinks: true });
    expect(shownBy(events)).toBe(
      '<details type="reasoning" done="true" duration="1">\n<summary>Thought for 1 seconds</summary>\n> think0 think1 \n</details>\nx.0 x.1 x.2 ',
    );
    const at = (part: string): number => events.findIndex((event) => event.includes(part));
    expect(at('"usage"')).toBeLessThan(at('x.2?!'));
    expect(events.slice(-2)).toEqual(['[DONE]', '']);
  });

  it('shows it bare, and ends with an end mark in JSON, if the name selects it', async () => {
    const { events } = await ask({ model: 'demo-plain-json-t1-q1', thinks: true });
    expect(shownBy(events)).toBe('think0 x.0 ');
    expect(events.at(-2)).toBe('{"data":"[DONE]"}');
  });

  it.each([
    ['captcha', 'FRONTEND_CAPTCHA_REQUIRED'],
    ['old', '"code":426'],
    ['full', 'MODEL_CONCURRENCY_LIMIT'],
  ])('answers %s with an error of status 200', async (word, text) => {
    expect(await ask({ model: `demo-${word}-t5` })).toMatchObject({ status: 200, body: expect.stringContaining(text) });
  });

  it.each<[string, Omit<Ask, 'model'>]>([
    ['another key', { key: 'another' }],
    ['another user', { userId: 'me' }],
    ['a clock eleven minutes off', { skewMs: 11 * 60_000 }],
  ])('refuses %s', async (_what, fields) => {
    expect(await ask({ model: 'demo-t1', ...fields })).toMatchObject({
      status: 400,
      body: expect.stringContaining('Signature validation failed'),
    });
  });

  it('applies scripts to its sessions', async () => {
    const simulator = await simulate();
    const session = async (): Promise<[number, string]> => {
      const response = await fetch(`${simulator.url}/api/v1/auths/`);
      return [response.status, await response.text()];
    };
    simulator.script([
      { match: { model: 'session' }, times: 1, directives: 'e405' },
      { match: { model: 'session' }, times: 1, directives: 'errev' },
    ]);
    expect((await session())[0]).toBe(405);
    expect(await session()).toEqual([200, expect.stringContaining('FRONTEND_CAPTCHA_REQUIRED')]);
    expect(await session()).toEqual([200, expect.stringContaining('"token"')]);
  });

  it('gives each guest another id, and accepts no files from guests', async () => {
    const { url } = await simulate();
    const [first, second] = await Promise.all([
      fetch(`${url}/api/v1/auths/`).then((response) => response.json() as Promise<{ token: string }>),
      fetch(`${url}/api/v1/auths/guest`, { method: 'POST', body: '{}' }).then(
        (response) => response.json() as Promise<{ token: string }>,
      ),
    ]);
    expect(first.token).not.toBe(second.token);
    const upload = async (token: string): Promise<number> => {
      const form = new FormData();
      form.append('file', new Blob(['abc']), 'a.png');
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${url}/api/v1/files/`, { method: 'POST', headers, body: form })).status;
    };
    expect([await upload(first.token), await upload('tok-a')]).toEqual([403, 200]);
  });
});
