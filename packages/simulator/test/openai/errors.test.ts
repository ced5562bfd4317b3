import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { callRaw } from '../raw-call.ts';
import { clientOf, requestFor, simulate } from '../simulate.ts';

async function errorOf(answer: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error instanceof OpenAI.APIError) return error;
  throw new Error(`not an API error: ${String(error)}`);
}

const invalid = 'invalid_request_error';

describe('an error answer', () => {
  it.each([
    ['e400', OpenAI.BadRequestError, { status: 400, type: invalid, code: null }],
    ['e401', OpenAI.AuthenticationError, { status: 401, type: invalid, code: 'invalid_api_key' }],
    ['e403', OpenAI.PermissionDeniedError, { status: 403, code: 'unsupported_country_region_territory' }],
    ['e404', OpenAI.NotFoundError, { status: 404, type: invalid, code: 'model_not_found' }],
    ['e408', OpenAI.APIError, { status: 408, code: 'request_timeout' }],
    ['e409', OpenAI.ConflictError, { status: 409 }],
    ['e422', OpenAI.UnprocessableEntityError, { status: 422 }],
    ['e429', OpenAI.RateLimitError, { status: 429, type: 'requests', code: 'rate_limit_exceeded' }],
    ['quota', OpenAI.RateLimitError, { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' }],
    ['e500', OpenAI.InternalServerError, { status: 500, type: 'server_error', code: null }],
    ['e502', OpenAI.InternalServerError, { status: 502, type: 'server_error' }],
    ['e503', OpenAI.InternalServerError, { status: 503, type: 'server_error' }],
    ['e504', OpenAI.InternalServerError, { status: 504, type: 'server_error' }],
    ['ctxlen', OpenAI.BadRequestError, { status: 400, code: 'context_length_exceeded', param: 'messages' }],
    ['policy', OpenAI.BadRequestError, { status: 400, code: 'content_policy_violation' }],
  ])("to %s becomes the SDK's error class", async (directive, errorClass, fields) => {
    const client = clientOf(await simulate());
    for (const stream of [false, true]) {
      const error = await errorOf(client.chat.completions.create({ ...requestFor(`demo-${directive}`), stream }));
      expect(error).toBeInstanceOf(errorClass);
      expect(error).toMatchObject(fields);
      expect(error.requestID).toMatch(/^req_/);
    }
  });

  it('always has the four fields of the envelope', async () => {
    const simulator = await simulate();
    for (const directive of ['e429', 'e500', 'e418', 'busy0', 'ctxlen', 'policy', 'quota']) {
      const { headers, body } = await callRaw(simulator, `demo-${directive}`).finish();
      expect(headers['content-type']).toBe('application/json');
      expect(Object.keys((JSON.parse(body.toString()) as { error: object }).error)).toEqual([
        'message',
        'type',
        'param',
        'code',
      ]);
    }
  });

  it.each([
    ['busy0', '系统繁忙'],
    ['busy1', 'system busy'],
    ['busy2', 'rate limit'],
    ['busy3', 'too many requests'],
    ['busy4', 'temporarily unavailable'],
  ])('to %s is a 400 with the text %s', async (directive, phrase) => {
    const answer = await callRaw(await simulate(), `demo-${directive}`).finish();
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain(phrase);
  });

  it('contains a wait only on request', async () => {
    const simulator = await simulate();
    const headersOf = async (model: string): Promise<unknown> => (await callRaw(simulator, model).finish()).headers;
    expect(await headersOf('demo-e429')).not.toHaveProperty('retry-after');
    expect(await headersOf('demo-e429-r2')).toMatchObject({ 'retry-after': '2' });
    expect(await headersOf('demo-e503-rms150')).toMatchObject({ 'retry-after-ms': '150' });
    expect(await headersOf('demo-quota-r0-rms0')).toMatchObject({ 'retry-after': '0', 'retry-after-ms': '0' });
  });

  it('shows a part of a wrong key', async () => {
    const client = clientOf(await simulate(), 'sk-proj-0123456789abcdef-e401');
    const error = await errorOf(client.chat.completions.create(requestFor('demo')));
    expect(error.message).toContain(`Incorrect API key provided: sk-proj-${'*'.repeat(17)}e401.`);
    expect(error.message).not.toContain('0123');
  });

  it('never shows all of a short key', async () => {
    for (const key of ['a', 'ab', 'tok-a']) {
      const client = clientOf(await simulate(), key);
      const error = await errorOf(client.chat.completions.create(requestFor('demo-e401')));
      expect(error.message).not.toContain(`provided: ${key}.`);
    }
  });
});

describe('a request that can’t be read', () => {
  it.each([
    [{ model: '' }, 'you must provide a model parameter', null],
    [{ messages: [] }, "Missing required parameter: 'messages'.", 'messages'],
    [{ messages: 'hello' }, "Missing required parameter: 'messages'.", 'messages'],
  ])('with %j is refused', async (body, message, param) => {
    const answer = await callRaw(await simulate(), 'demo', { body }).finish();
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ error: { message, type: invalid, param } });
  });

  it.each(['', '{"model":', '[]', 'null'])('as %j is refused, because it is not a JSON object', async (body) => {
    const simulator = await simulate();
    const response = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer tok-a' },
      body,
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: invalid } });
  });
});
