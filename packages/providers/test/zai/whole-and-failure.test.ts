import { providers } from '@sluice/providers';
import { verifies } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { plan } from '../plan.ts';

const adapter = providers.zai.create({});
const translate = (body: unknown, keepsThinkingMarkup = false) =>
  adapter.translateWhole(
    typeof body === 'string' ? body : JSON.stringify(body),
    {},
    plan({ stream: false, keepsThinkingMarkup }),
  );

describe('a whole answer', () => {
  it('gets the members of OpenAI that this API omits', () => {
    const message = {
      role: 'assistant',
      content: '<think>hm</think>\n<|begin_of_box|>4<|end_of_box|>',
      tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'look', arguments: { a: 1 } } }],
    };
    const result = translate({
      id: 'a',
      created: 5,
      model: 'glm-4.5v',
      choices: [{ finish_reason: 'sensitive', message }],
    });
    expect(result).toMatchObject({
      kind: 'complete',
      summary: { finishReason: 'content_filter', responseModel: 'glm-4.5v' },
    });
    expect(JSON.parse(result.kind === 'complete' ? result.text : '')).toEqual({
      id: 'a',
      object: 'chat.completion',
      created: 5,
      model: 'glm-4.5v',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            refusal: null,
            content: '4',
            reasoning_content: 'hm',
            tool_calls: [{ id: 'c', type: 'function', function: { name: 'look', arguments: '{"a":1}' } }],
          },
          logprobs: null,
          finish_reason: 'content_filter',
        },
      ],
    });
  });

  it('keeps its marks if configured', () => {
    const result = translate({ choices: [{ message: { content: '<think>hm</think>4' } }] }, true);
    expect(result.kind === 'complete' ? result.text : '').toContain('<think>hm</think>4');
  });

  it.each<[string, unknown, string]>([
    ['invalid JSON', '<html>', 'malformed'],
    ['no message', { choices: [] }, 'malformed'],
    ['an error', { error: { code: '1301', message: 'no' } }, 'content_policy'],
    ['an error of the gateway', { code: 1001, msg: 'no key', success: false }, 'authentication'],
    ['a model that failed', { choices: [{ finish_reason: 'network_error', message: { content: 'x' } }] }, 'server'],
  ])('with %s is a failure', (_what, body, kind) => {
    expect(translate(body)).toMatchObject({ kind: 'failed', failure: { kind } });
  });
});

describe('an error answer', () => {
  const failureOf = (status: number, body: unknown, headers = {}) =>
    adapter.toFailure({ status, headers, receivedAt: 0 }, typeof body === 'string' ? body : JSON.stringify(body));

  it.each<[number, string | number, string]>([
    [401, '1002', 'authentication'],
    [429, '1113', 'quota'],
    [429, 1113, 'quota'],
    [429, '1308', 'quota'],
    [429, '1302', 'rate_limit'],
    [429, '1303', 'rate_limit'],
    [429, '1305', 'rate_limit'],
    [429, '1112', 'permission'],
    [400, '1210', 'invalid_request'],
    [400, '1211', 'not_found'],
    [400, '1261', 'context_length'],
    [400, '1301', 'content_policy'],
    [434, '1220', 'permission'],
    [500, '1234', 'server'],
    [429, '9999', 'rate_limit'],
    [400, '9999', 'invalid_request'],
  ])('of status %i with code %s is %s', (status, code, kind) => {
    const failure = failureOf(status, { error: { code, message: 'why' } });
    const scope = ['1302', '1303'].includes(String(code)) ? { rateLimitScope: 'account' } : {};
    const name = code === '1220' ? { code: 'model_not_allowed' } : {};
    expect(failure).toEqual({ kind, status, message: `why (${code})`, ...scope, ...name });
  });

  it.each(['系统繁忙', 'system busy', 'rate limit', 'too many requests', 'temporarily unavailable'])(
    'with status 400 and the text %s means that the provider is busy',
    verifies('000-32'),
    (text) => {
      expect(failureOf(400, { error: { code: '', message: `sorry, ${text}!` } })).toMatchObject({ kind: 'busy' });
    },
  );

  it('without a body is classified by its status', () => {
    expect(failureOf(503, '')).toMatchObject({ kind: 'server', message: 'The provider answered with status 503.' });
    expect(failureOf(429, '', { 'retry-after': '2' })).toMatchObject({ kind: 'rate_limit', retryAfterMs: 2000 });
  });
});
