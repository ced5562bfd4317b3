import type { UpstreamFailure } from '@sluice/protocol';
import { providers, type ProviderType } from '@sluice/providers';
import { describe, expect, it } from 'vitest';
import { judgeLogin } from '../../src/doctor/upstreams/ask-upstream.ts';
import { countModels, modelsCall } from '../../src/doctor/upstreams/free-call.ts';
import { judgeModels, judgeUnreached } from '../../src/doctor/upstreams/judge-upstream.ts';

const about = 'upstream one, credential main';

describe('an upstream that is not reached', () => {
  it.each<[id: string, failure: UpstreamFailure, nameError: string | undefined, text: RegExp]>([
    [
      'upstream.dns',
      { kind: 'network', message: "The provider's name could not be resolved." },
      'ENOTFOUND',
      /^The name of one\.example:443 has no address \(ENOTFOUND\)\.$/,
    ],
    ['upstream.connect', { kind: 'network', message: 'The provider refused the connection.' }, undefined, /refused/],
    [
      'upstream.connect',
      { kind: 'timeout', message: 'The provider did not begin to answer in time.' },
      undefined,
      /in time/,
    ],
    [
      'upstream.tls',
      { kind: 'certificate', code: 'certificate_expired', message: "The provider's TLS certificate has expired." },
      undefined,
      /has expired/,
    ],
    [
      'upstream.tls',
      { kind: 'network', message: 'The TLS handshake with the provider failed.' },
      undefined,
      /handshake/,
    ],
    [
      'upstream.proxy',
      { kind: 'unexpected', code: 'proxy_authentication', message: 'The outbound proxy wants a user and a password.' },
      undefined,
      /outbound proxy wants/,
    ],
  ])('is a problem of %s', (id, failure, nameError, text) => {
    const check = judgeUnreached({ about, place: 'one.example:443', failure, nameError, hasCa: false });
    expect(check).toMatchObject({ id, level: 'problem', about, text: expect.stringMatching(text) });
    expect(check.advice).toMatch(/\.$/);
  });

  it.each([
    ['certificate_expired', /renew/],
    ['certificate_not_yet_valid', /clock/],
    ['certificate_wrong_host', /base_url/],
    ['certificate_self_signed', /tls\.ca .*NODE_EXTRA_CA_CERTS/],
    ['certificate_unknown_authority', /tls\.ca .*NODE_EXTRA_CA_CERTS/],
    ['certificate_required', /tls\.cert and tls\.key/],
    ['client_certificate_refused', /tls\.cert and tls\.key/],
    ['certificate_invalid', /another certificate/],
  ])('gets advice of its own for %s', (code, words) => {
    const failure = { kind: 'certificate', code, message: "The provider's TLS certificate is bad." } as const;
    const facts = { about, place: 'p', failure, nameError: undefined };
    expect(judgeUnreached({ ...facts, hasCa: false }).advice).toMatch(words);
  });

  it.each(['certificate_self_signed', 'certificate_unknown_authority'])(
    'is told to add to tls.ca where that is set, since it replaces what else is trusted: %s',
    (code) => {
      const failure = { kind: 'certificate', code, message: "The provider's TLS certificate is bad." } as const;
      const { advice } = judgeUnreached({ about, place: 'p', failure, nameError: undefined, hasCa: true });
      expect(advice).toMatch(/[Aa]dd .* to the file of tls\.ca/);
      expect(advice).not.toContain('NODE_EXTRA_CA_CERTS');
    },
  );
});

describe('an answer to the call for the models', () => {
  const said = (kind: UpstreamFailure['kind'], status: number) =>
    judgeModels({ about, status, failure: { kind, message: 'It said so.' }, count: undefined, hasKey: true });

  it.each<[kind: UpstreamFailure['kind'], status: number, level: string, text: string]>([
    ['authentication', 401, 'problem', 'The provider refuses the key (401).'],
    [
      'permission',
      403,
      'problem',
      'The provider accepts the key, but does not allow it to list models (403): It said so.',
    ],
    ['quota', 402, 'problem', 'The account has no credit or quota left (402): It said so.'],
    ['rate_limit', 429, 'warning', 'The provider accepts the key and limits its rate at the moment (429): It said so.'],
    ['not_found', 404, 'warning', 'The provider has no list of models there (404): It said so.'],
    ['server', 503, 'warning', 'The provider fails at the moment (503): It said so.'],
    ['unexpected', 301, 'problem', 'Something before the provider answers (301): It said so.'],
    ['unexpected', 407, 'problem', 'Something before the provider answers (407): It said so.'],
    ['unexpected', 418, 'warning', 'The answer of the provider is not a list of models (418): It said so.'],
  ])('of kind %s and status %d is a %s', (kind, status, level, text) => {
    expect(said(kind, status)).toMatchObject({ id: 'upstream.models', level, text, about });
    expect(said(kind, status).advice).toBeDefined();
  });

  it('with a list is ok, and with anything else a warning', () => {
    const answer = { about, status: 200, failure: undefined, hasKey: true };
    expect(judgeModels({ ...answer, count: 1 })).toMatchObject({
      level: 'ok',
      text: 'The provider accepts the key and lists 1 model (200).',
    });
    expect(judgeModels({ ...answer, count: 3, hasKey: false }).text).toBe(
      'The provider needs no key and lists 3 models (200).',
    );
    expect(judgeModels({ ...answer, count: undefined }).level).toBe('warning');
  });

  it.each<[ProviderType, string, number | undefined]>([
    ['openai', '{"object":"list","data":[{"id":"a"},{"id":"b"}]}', 2],
    ['gemini', '{"models":[{"name":"models/a"}]}', 1],
    ['openai', '[{"id":"a"},{"id":"b"},{"id":"c"}]', 3],
    // The worker ignores this list.
    ['openai', '{"data":[0,0]}', 0],
    ['azure', '{"data":[{"id":"a"},{"id":"b"}]}', 2],
    ['openai', '{"error":{}}', undefined],
    ['azure', '<html>', undefined],
    ['azure', 'null', undefined],
  ])('of %s: %s holds so many models: %s', (type, text, count) => {
    expect(countModels(providers[type].create({}), text)).toBe(count);
  });
});

describe('the call for the models', () => {
  const call = (type: ProviderType, baseUrl: string, options: object = {}) =>
    modelsCall(providers[type].create(options, baseUrl), baseUrl, 'canary-key');

  it.each<[type: ProviderType, baseUrl: string, options: object, url: string, header: string]>([
    ['openai', 'https://a.example/v1', {}, 'https://a.example/v1/models', 'authorization'],
    [
      'openai',
      'https://a.example/v1',
      { auth_header: 'x-key', chat_path: '/chat?x=1' },
      'https://a.example/v1/models',
      'x-key',
    ],
    [
      'openai',
      'https://a.example',
      { chat_path: '/v2/chat/completions?x=1' },
      'https://a.example/v2/models?x=1',
      'authorization',
    ],
    ['azure', 'https://a.example', {}, 'https://a.example/openai/models?api-version=2024-10-21', 'api-key'],
    ['azure', 'https://a.example/openai/v1', {}, 'https://a.example/openai/v1/models', 'api-key'],
    ['anthropic', 'https://a.example/v1', {}, 'https://a.example/v1/models?limit=1000', 'x-api-key'],
    ['gemini', 'https://a.example/v1beta', {}, 'https://a.example/v1beta/models?pageSize=1000', 'x-goog-api-key'],
    ['zai', 'https://a.example/api/paas/v4', {}, 'https://a.example/api/paas/v4/models', 'authorization'],
    ['iflow', 'https://a.example/v1', {}, 'https://a.example/v1/models', 'authorization'],
    ['ollama', 'http://a.example:11434', {}, 'http://a.example:11434/api/tags', 'authorization'],
    ['ollama', 'http://a.example:11434/api', {}, 'http://a.example:11434/api/tags', 'authorization'],
    ['zai-web', 'https://a.example', { signing_variant: 'none' }, 'https://a.example/api/models', 'authorization'],
  ])('of %s at %s is a GET with its key', (type, baseUrl, options, url, header) => {
    const request = call(type, baseUrl, options);
    expect(request).toMatchObject({ method: 'GET', url, body: undefined });
    expect(request?.headers[header]).toMatch(/canary-key$/);
    expect(request?.headers).not.toHaveProperty('content-type');
  });

  it('is that of plain models at Bailian, whose applications have none', () => {
    const baseUrl = 'https://dashscope.example';
    expect(call('bailian', baseUrl, { mode: 'compatible' })?.url).toBe(
      'https://dashscope.example/compatible-mode/v1/models',
    );
    expect(call('bailian', baseUrl)).toBeUndefined();
  });

  it('does not exist in a protocol without a list', () => {
    expect(call('coze', 'https://api.coze.example')).toBeUndefined();
  });
});

describe('the file of a login', () => {
  const nowMs = Date.UTC(2026, 0, 1);
  it.each([
    ['with a token that holds', { value: 'canary', expiresAtMs: nowMs + 1000 }, 'ok', /until 2026-01-01T00:00:01/],
    ['with a token without an end', { value: 'canary', expiresAtMs: undefined }, 'ok', /holds a token;/],
    ['with a token that has ended', { value: 'canary', expiresAtMs: nowMs - 1 }, 'warning', /has ended/],
    ['that is missing', undefined, 'problem', /is missing/],
  ])('%s gets a matching finding', (_name, login, level, text) => {
    const check = judgeLogin(login, nowMs);
    expect(check).toMatchObject({ id: 'upstream.token', level, text: expect.stringMatching(text) });
    expect(JSON.stringify(check)).not.toContain('canary');
  });
});
