import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { sign } from '../../src/zai-web/signature.ts';
import { userIdOf } from '../../src/zai-web/user-id.ts';

/** Published constants of the page's script. */
const key = 'key-@@@@)))()((9))-xxxx&&&%%%%%';
const olderKey = 'junjie';

describe('a signature', () => {
  it.each([
    [
      'v2, seen in a browser',
      { variant: 'v2', key } as const,
      [
        'd9fb3ca8-676f-46c3-90c7-ddc70a74e46d',
        'd0d30815-b85a-4270-af63-b5346a9f3b13',
        1_771_762_969_397,
        'Reply with exactly: ok',
      ],
      '26be53ded6069ead38e6d4d596e54b020aaa2e17f75a4fa29325ead00484b214',
    ],
    [
      'v2, of another client',
      { variant: 'v2', key } as const,
      ['123e4567-e89b-12d3-a456-426614174000', 'user-42', 1_774_500_300_000, 'Reply with exactly: hi-clean'],
      '1fe0f2184a7b73b49fa475d9bcad3740109976f7e23959ec1e1d5635eda17591',
    ],
    [
      'v1, of the seed',
      { variant: 'v1', key: olderKey } as const,
      ['test-request-456', 'test-user-123', 1_694_169_600_000, '这是一个测试消息，用于验证签名算法的一致性'],
      'c26d0bc64a0aac997a300425c7fe2235d7c371f28f9aa4f6051c2436f2d2b815',
    ],
    [
      'v2, worked by hand',
      { variant: 'v2', key } as const,
      ['11111111-2222-4333-8444-555555555555', 'user-0001', 1_760_000_123_456, '你好, gateway!'],
      'c98460ad70d5383b796d9c4ec4d1095833b6a8f2d544d949ec02cf455057cf02',
    ],
    [
      'v1, worked by hand',
      { variant: 'v1', key: olderKey } as const,
      ['11111111-2222-4333-8444-555555555555', 'user-0001', 1_760_000_123_456, '你好, gateway!'],
      'e061b0b30ce7b835a6874d6400dd7eee2f38800418f58817573cb121c660c9db',
    ],
  ] as const)('%s', verifies('000-36'), (_what, signing, [requestId, userId, timestampMs, prompt], expected) => {
    expect(sign(signing, { requestId, userId, timestampMs, prompt })).toBe(expected);
  });

  it('of v2a is that of v2 with the older key', () => {
    const signed = { requestId: 'r', userId: 'u', timestampMs: 1, prompt: 'é' };
    expect(sign({ variant: 'v2a', key: olderKey }, signed)).toBe(sign({ variant: 'v2', key: olderKey }, signed));
    expect(sign({ variant: 'v2a', key: olderKey }, signed)).not.toBe(sign({ variant: 'v1', key: olderKey }, signed));
  });
});

describe('the user of a token', () => {
  const token = (payload: object): string => `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.c2ln`;

  it.each<[string, string | undefined]>([
    ['guest', undefined],
    ['guest', ''],
    ['guest', 'no-token'],
    ['guest', 'a.%%%.c'],
    ['guest', token([])],
    ['guest', token({ email: 'a' })],
    [
      'user-0001',
      'eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpZCI6InVzZXItMDAwMSIsImVtYWlsIjoiZ3Vlc3RAZXhhbXBsZS5pbnZhbGlkIn0.c2ln',
    ],
    ['a', token({ sub: 'd', uid: 'c', user_id: 'b', id: 'a' })],
    ['b', token({ sub: 'd', uid: 'c', user_id: 'b', id: '' })],
    ['7', token({ sub: 'd', uid: 7, user_id: null })],
    ['d', token({ sub: 'd' })],
    // Needs the URL-safe alphabet: its base64 contains + and /.
    ['~~~???ÿþ', token({ id: '~~~???ÿþ' })],
  ])('is %j', verifies('000-36'), (expected, given) => {
    expect(userIdOf(given)).toBe(expected);
  });
});
