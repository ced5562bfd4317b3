import type { ChatBody } from '@sluice/protocol';
import { type CallPlan, type PreparationStep, providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan as planOf } from '../plan.ts';
import { untyped } from '../body.ts';

const v2 = { signing_variant: 'v2', signing_key: 'the key' };
const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw==' } };
const withImage = untyped({ messages: [{ role: 'user', content: [{ type: 'text', text: 'see' }, image] }] });
const plain: ChatBody = { messages: [{ role: 'user', content: 'hi' }] };

function plan(model: string): CallPlan {
  let ids = 0;
  return planOf({ baseUrl: 'https://chat.z.ai', model, newId: () => `id-${ids++}` });
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** Runs a preparation with these answers. */
function run(options: object, body: ChatBody, model: string, answers: readonly Answer[] = []) {
  const steps = providers['zai-web'].create(options).prepare?.(body, plan(model));
  const calls: Extract<PreparationStep, { kind: 'call' }>['request'][] = [];
  let next = steps?.next();
  for (const { status, body } of answers) {
    if (next?.done !== false || next.value.kind !== 'call') break;
    calls.push(next.value.request);
    next = steps?.next({ head: { status, headers: {}, receivedAt: 0 }, text: JSON.stringify(body) });
  }
  return { calls, result: next?.done === true ? next.value : undefined };
}

const uploaded = { status: 200, body: { id: 'F1', filename: 'a.png' } };

describe('before a request', () => {
  it('most models need no call', () => {
    expect(run(v2, plain, 'glm-4.5')).toMatchObject({ calls: [], result: { kind: 'ready' } });
  });

  it('an image is uploaded', verifies('000-04'), () => {
    const { calls, result } = run(v2, withImage, 'glm-4.5v', [uploaded]);
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST https://chat.z.ai/api/v1/files/']);
    const [call] = calls;
    expect(call?.headers).toMatchObject({
      'content-type': 'multipart/form-data; boundary=sluice-id-1',
      authorization: 'Bearer key',
    });
    expect(Buffer.from(call?.body ?? '').toString('latin1')).toBe(
      '--sluice-id-1\r\ncontent-disposition: form-data; name="file"; filename="image-0.png"\r\ncontent-type: image/png\r\n\r\n\x89PNG\r\n--sluice-id-1--\r\n',
    );
    expect(result).toMatchObject({
      kind: 'ready',
      body: {
        messages: [
          {
            content: [
              { type: 'text', text: 'see' },
              { type: 'image_url', image_url: { url: 'F1' } },
            ],
          },
        ],
      },
      notes: { messageId: 'id-0' },
    });
    const notes = result?.kind === 'ready' ? result.notes : {};
    expect(JSON.parse(notes?.['files'] ?? '')).toMatchObject([
      {
        type: 'image',
        id: 'F1',
        url: '/api/v1/files/F1/content',
        size: 4,
        ref_user_msg_id: 'id-0',
        itemId: 'id-2',
        file: { user_id: 'guest' },
      },
    ]);
  });

  it('version 1 refers to it by its file', () => {
    const { result } = run({ ...v2, zai_web_api: 'v1' }, withImage, 'glm-4.5v', [uploaded]);
    expect(JSON.stringify(result)).toContain('"url":"F1_a.png"');
  });

  it('a chat is created for models that require one', () => {
    const { calls, result } = run(v2, plain, 'glm-4.7-thinking', [{ status: 200, body: { id: 'chat-1' } }]);
    expect(calls[0]?.url).toBe('https://chat.z.ai/api/v1/chats/new');
    expect(JSON.parse(String(calls[0]?.body))).toMatchObject({
      chat: {
        models: ['glm-4.7'],
        history: { currentId: 'id-0', messages: { 'id-0': { content: 'hi', role: 'user' } } },
      },
    });
    expect(result).toMatchObject({ kind: 'ready', notes: { chatId: 'chat-1', messageId: 'id-0' } });
  });

  it.each<[string, string, ChatBody, readonly Answer[], object]>([
    [
      'a model without image support',
      'glm-4.5-air',
      withImage,
      [],
      { kind: 'unsupported', message: expect.stringContaining('no images') },
    ],
    [
      'a part that is not an image',
      'glm-4.5v',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:text/plain,x' } }] }] },
      [],
      { kind: 'unsupported' },
    ],
    [
      'a guest',
      'glm-4.5v',
      withImage,
      [{ status: 403, body: { detail: 'no' } }],
      { kind: 'unsupported', message: expect.stringContaining('signed-in'), isOfCredential: true },
    ],
    [
      'a guest without rights',
      'glm-4.5v',
      withImage,
      [{ status: 401, body: { detail: 'guests may not' } }],
      { kind: 'unsupported' },
    ],
    ['an unknown token', 'glm-4.5v', withImage, [{ status: 401, body: { detail: 'no' } }], { kind: 'authentication' }],
    ['no file', 'glm-4.5v', withImage, [{ status: 200, body: {} }], { kind: 'malformed' }],
    ['no chat', 'glm-4.7', plain, [{ status: 500, body: {} }], { kind: 'server' }],
    [
      'a captcha',
      'glm-4.7',
      plain,
      [{ status: 200, body: { data: { error: { code: 'FRONTEND_CAPTCHA_REQUIRED' } } } }],
      { kind: 'unexpected', message: expect.stringContaining('official API') },
    ],
  ])('%s ends the preparation', (_what, model, body, answers, failure) => {
    expect(run(v2, body, model, answers).result).toMatchObject({ kind: 'failed', failure });
  });
});

describe('a token for a guest', () => {
  const source = providers['zai-web'].create({ ...v2, zai_web_guests: true }).tokens;

  function obtain(answers: readonly Answer[]) {
    const steps = source?.obtain(undefined, {
      baseUrl: 'https://chat.z.ai',
      nowMs: 0,
      newId: () => 'id',
      keep: () => undefined,
    });
    const calls: string[] = [];
    let next = steps?.next();
    for (const { status, body } of answers) {
      if (next?.done !== false || next.value.kind !== 'call') break;
      const { method, url, headers } = next.value.request;
      expect(headers).not.toHaveProperty('authorization');
      calls.push(`${method} ${url.replace('https://chat.z.ai', '')}`);
      next = steps?.next({ head: { status, headers: {}, receivedAt: 0 }, text: JSON.stringify(body) });
    }
    return { calls, result: next?.done === true ? next.value : undefined };
  }
  const old = 'GET /api/v1/auths/';
  const newer = 'POST /api/v1/auths/guest';
  const token = { status: 200, body: { token: 'T', role: 'guest' } };

  it('has a lifetime of five minutes', verifies('001-06'), () => {
    expect(source).toMatchObject({ unknownLifeMs: 300_000 });
  });

  it.each<[string, readonly Answer[], readonly string[], object]>([
    ['the first endpoint', [token], [old], { kind: 'token', token: { value: 'T', expiresAtMs: undefined } }],
    ['the newer endpoint', [{ status: 404, body: {} }, token], [old, newer], { kind: 'token', token: { value: 'T' } }],
    [
      'the newer endpoint, if the first returns none',
      [{ status: 200, body: {} }, token],
      [old, newer],
      { kind: 'token' },
    ],
    [
      'no endpoint behind a firewall',
      [{ status: 405, body: {} }],
      [old],
      { kind: 'failed', failure: { kind: 'unexpected', status: 405 } },
    ],
    [
      'no endpoint while the provider is busy',
      [{ status: 429, body: {} }],
      [old],
      { kind: 'failed', failure: { kind: 'rate_limit' } },
    ],
    [
      'no endpoint while the provider fails',
      [{ status: 502, body: {} }],
      [old],
      { kind: 'failed', failure: { kind: 'server' } },
    ],
    [
      'no endpoint if the second is behind a firewall',
      [
        { status: 401, body: {} },
        { status: 405, body: {} },
      ],
      [old, newer],
      { kind: 'failed', failure: { kind: 'unexpected' } },
    ],
    [
      'nowhere',
      [
        { status: 404, body: {} },
        { status: 200, body: { token: '' } },
      ],
      [old, newer],
      { kind: 'failed', failure: { kind: 'malformed' } },
    ],
    ...[200, 403].map((status): [string, readonly Answer[], readonly string[], object] => [
      `no endpoint if the first requires a captcha, with status ${status}`,
      [{ status, body: { error: { code: 'FRONTEND_CAPTCHA_REQUIRED' } } }],
      [old],
      { kind: 'failed', failure: { kind: 'unexpected', message: expect.stringContaining('official API') } },
    ]),
    [
      'no endpoint if the second requires a captcha',
      [
        { status: 403, body: {} },
        { status: 200, body: { error: { code: 'FRONTEND_CAPTCHA_REQUIRED' } } },
      ],
      [old, newer],
      { kind: 'failed', failure: { kind: 'unexpected', message: expect.stringContaining('official API') } },
    ],
  ])('comes from %s', verifies('000-35', '001-06'), (_where, answers, calls, result) => {
    expect(obtain(answers)).toMatchObject({ calls, result });
  });
});
