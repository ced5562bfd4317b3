import { describe, expect, it } from 'vitest';
import {
  attemptSpan,
  httpServerSpan,
  inferenceResultAttributes,
  inferenceSpan,
  processSpan,
  queueWaitSpan,
  selectGenAiNames,
  sendSpan,
} from '../src/names.ts';

describe('httpServerSpan', () => {
  const request = { method: 'POST', path: '/v1/chat/completions', requestId: 'req-1' };

  it('is named after method and route', () => {
    const { name, kind, attributes } = httpServerSpan({ ...request, route: '/v1/chat/completions' });
    expect({ name, kind }).toEqual({ name: 'POST /v1/chat/completions', kind: 'server' });
    expect(attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/chat/completions',
      'url.path': '/v1/chat/completions',
      'sluice.request_id': 'req-1',
    });
  });

  it('is named after the method only if no route matched, because paths are unbounded', () => {
    expect(httpServerSpan(request).name).toBe('POST');
  });

  it('uses no unknown method as its name', () => {
    const { name, attributes } = httpServerSpan({ ...request, method: 'BREW' });
    expect(name).toBe('HTTP');
    expect(attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' });
  });
});

describe('messaging spans', () => {
  it.each([
    ['send', sendSpan({ queue: 'chat', messageId: 'm' }), 'producer'],
    ['process', processSpan({ queue: 'chat', messageId: 'm', epoch: 2 }), 'consumer'],
  ])('describes %s by the messaging conventions', (operation, span, kind) => {
    expect(span).toMatchObject({
      name: `${operation} chat`,
      kind,
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.destination.name': 'chat',
        'messaging.operation.name': operation,
        'messaging.operation.type': operation,
        'messaging.message.id': 'm',
      },
    });
  });

  it('names the queue of a wait', () => {
    expect(queueWaitSpan({ queue: 'chat' }).attributes).toMatchObject({ 'messaging.destination.name': 'chat' });
  });
});

describe('inferenceSpan', () => {
  it('is named after operation and model and omits values that the client did not set', () => {
    const { name, attributes } = inferenceSpan({
      operation: 'chat',
      providerType: 'openai',
      model: 'demo',
      stream: true,
      choices: 1,
    });
    expect(name).toBe('chat demo');
    expect(Object.entries(attributes).filter(([, value]) => value !== undefined)).toEqual([
      ['gen_ai.operation.name', 'chat'],
      ['gen_ai.provider.name', 'openai'],
      ['gen_ai.request.model', 'demo'],
      ['gen_ai.request.stream', true],
    ]);
  });

  it.each([
    ['azure', 'azure.ai.openai'],
    ['gemini', 'gcp.gemini'],
    ['zai', 'zai'],
  ])('names the provider of type %s %s', (providerType, name) => {
    expect(
      inferenceSpan({ operation: 'chat', providerType, model: 'm', stream: false }).attributes['gen_ai.provider.name'],
    ).toBe(name);
  });
});

describe('inferenceResultAttributes', () => {
  it.each([
    [undefined, 'gen_ai.usage.cache_creation.input_tokens'],
    ['http', 'gen_ai.usage.cache_creation.input_tokens'],
    ['http, gen_ai_latest_experimental', 'gen_ai.usage.cache_write.input_tokens'],
  ])('names cache writes after the opt-in %j', (optIn, name) => {
    expect(inferenceResultAttributes({ cacheWriteTokens: 7 }, selectGenAiNames(optIn))[name]).toBe(7);
  });
});

describe('attemptSpan', () => {
  const attempt = { method: 'POST', upstream: 'sim', credentialId: 'a', resendCount: 0 };

  it.each([
    ['https://user:pass@api.example.com/v1/chat?key=x#y', 'https://api.example.com/v1/chat', 443],
    ['http://127.0.0.1:9900/v1/chat', 'http://127.0.0.1:9900/v1/chat', 9900],
    ['http://api.example.com/', 'http://api.example.com/', 80],
  ])('describes %s without user and query', (url, full, port) => {
    const { attributes } = attemptSpan({ ...attempt, url });
    expect(attributes).toMatchObject({ 'url.full': full, 'server.port': port, 'sluice.credential_id': 'a' });
  });

  it('omits an invalid URL, and counts only repeated attempts', () => {
    const { attributes } = attemptSpan({ ...attempt, url: 'nowhere?key=x' });
    expect(attributes['url.full']).toBeUndefined();
    expect(attributes['http.request.resend_count']).toBeUndefined();
    expect(attemptSpan({ ...attempt, url: 'x', resendCount: 2 }).attributes['http.request.resend_count']).toBe(2);
  });
});
