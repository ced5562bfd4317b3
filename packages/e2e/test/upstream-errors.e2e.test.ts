import { verifies } from '@sluice/testkit';
import { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, textOf } from './sluice.ts';
import { openStream, readAnswer } from './traffic.ts';

let sluice: Sluice;
/** Each part has its own upstreams: cooldowns and open circuits must not affect the next part. */
function startAnew(totalMs = 20_000): void {
  beforeAll(async () => {
    sluice = await startSluice({
      ingresses: 1,
      workers: 1,
      config: {
        retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
        timeouts: { first_token_ms: 400, idle_ms: 400, total_ms: totalMs },
      },
    });
  });
  beforeEach(() => sluice.simulator.reset());
}

/** Returns the error that an SDK throws, and the number of calls that the provider received. */
async function failure(model: string, stream = false): Promise<{ error: unknown; calls: number }> {
  const client = sluice.client();
  const asked = stream
    ? client.chat.completions.create({ ...ask(model), stream: true }).then(textOf)
    : client.chat.completions.create(ask(model));
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, calls: (await sluice.simulator.stats()).total };
}

const shape = (error: unknown): unknown =>
  error instanceof APIError ? [error.constructor.name, error.status, error.code] : error;

describe.each([
  ['in one piece', false],
  ['as a stream', true],
])('an answer %s', (_how, stream) => {
  startAnew();
  // The SDK's error class, Sluice's status and code, number of calls to the provider.
  it.each<[string, string, number, string, number]>([
    ['demo-e500', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-e502', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-e503', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-e504', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-e408', InternalServerError.name, 502, 'request_timeout', 3],
    ['demo-busy0', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-resetearly', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-resethead', InternalServerError.name, 502, 'upstream_error', 3],
    // A repetition would give the same result: two attempts at most are paid for.
    ['demo-html', InternalServerError.name, 502, 'upstream_malformed', 2],
    ['demo-errev-k0', InternalServerError.name, 502, 'upstream_error', 3],
    ['demo-e501', InternalServerError.name, 502, 'upstream_error', 1],
    ['demo-e400', BadRequestError.name, 400, 'upstream_rejected', 1],
    ['demo-e422', BadRequestError.name, 400, 'upstream_rejected', 1],
    ['demo-ctxlen', BadRequestError.name, 400, 'context_length_exceeded', 1],
    ['demo-policy', BadRequestError.name, 400, 'content_policy_violation', 1],
    ['demo-e404', NotFoundError.name, 404, 'model_not_found', 1],
  ])(
    'that fails as %s is thrown as %s',
    { ...verifies('004-09', '000-23', '000-28', '000-30', '000-32', '000-33'), timeout: 20_000 },
    async (model, name, status, code, calls) => {
      const failed = await failure(model, stream);
      expect([shape(failed.error), failed.calls]).toEqual([[name, status, code], calls]);
    },
  );

  it.each([
    'demo-t3-e503-n1',
    'demo-t3-busy1-n2',
    'demo-t3-resetearly-n1',
    'demo-t3-resethead-n2',
    'demo-t3-html-n1',
    'demo-t3-errev-k0-n1',
    'demo-t3-half-k0-n1',
  ])('that succeeds in the end hides the failures before it: %s', verifies('001-09', '001-14'), async (model) => {
    const client = sluice.client();
    const text = stream
      ? await textOf(await client.chat.completions.create({ ...ask(model, 'rid=x'), stream: true }))
      : (await client.chat.completions.create(ask(model, 'rid=x'))).choices[0]?.message.content;
    expect(text).toBe('x.0 x.1 x.2 ');
    expect((await sluice.simulator.stats()).total).toBeGreaterThan(1);
  });
});

describe.each([
  [401, 'cooldowns', 1],
  [403, 'does not rest for the sake of one request', 2],
])('a credential that the provider refuses with %i', (status, what, callsAfter) => {
  startAnew();

  it(`is hidden from the client, is not tried again for its request, and ${what}`, verifies('000-34'), async () => {
    const { error, calls } = await failure(`demo-e${status}`);
    expect([shape(error), calls]).toEqual([[InternalServerError.name, 502, 'upstream_authentication'], 1]);
    expect((error as APIError).headers?.get('x-should-retry')).toBe('false');
    expect((await failure('demo-t1')).calls).toBe(callsAfter);
  });
});

describe('a silent provider', () => {
  startAnew(1500);

  it.each([
    ['in one piece, until the time is up', false, 1],
    ['as a stream, until the first token is overdue', true, 3],
  ])('is waited for %s', async (_how, stream, calls) => {
    const failed = await failure('demo-hang', stream);
    expect([shape(failed.error), failed.calls]).toEqual([[InternalServerError.name, 504, 'upstream_timeout'], calls]);
  });
});

describe('a provider that breaks in the middle of each stream', () => {
  startAnew();

  it.each([
    ['demo-t20-reset-k5-drift', 'upstream_truncated'],
    ['demo-t20-close-k5-drift', 'upstream_truncated'],
    ['demo-t20-half-k5-drift', 'upstream_truncated'],
    ['demo-t20-cut-k5-drift', 'upstream_truncated'],
    ['demo-t20-errev-k5-drift', 'upstream_truncated'],
    ['demo-t20-badjson-k5-drift', 'upstream_truncated'],
    ['demo-t20-stall-k5-drift', 'upstream_truncated'],
    ['demo-t20-huge20-k5-drift', 'upstream_truncated'],
  ])('makes it end in one error event, and never as if it were whole: %s', async (model, code) => {
    const answer = await openStream(sluice, { model, content: 'rid=x' });
    await answer.finish();
    const { text, isDone, errorCode } = readAnswer(answer);
    expect([answer.status, isDone, typeof errorCode]).toEqual([200, false, 'string']);
    expect(text.startsWith('x.0 ')).toBe(true);
    expect(errorCode).toBe(code);
    const errors = answer.content.events.filter(({ data }) => data.startsWith('{"error"'));
    expect(errors).toHaveLength(1);
    expect(answer.content.events.at(-1)).toEqual(errors[0]);
    const thrown = await sluice
      .client()
      .chat.completions.create({ ...ask(model, 'rid=y'), stream: true })
      .then(textOf)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(APIError);
  });
});

describe('bytes that are not UTF-8', () => {
  startAnew();

  it('never reach a client unchanged', async () => {
    const answer = await openStream(sluice, { model: 'demo-t6-badutf8-k2', content: 'rid=x' });
    await answer.finish();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(answer.text))).not.toThrow();
    for (const { data } of answer.content.events) {
      if (data !== '[DONE]') expect(() => JSON.parse(data) as unknown).not.toThrow();
    }
  });
});

describe('a provider that limits its rate', () => {
  startAnew();

  it('is waited for within the deadline of the client', verifies('000-31'), async () => {
    const text = (await sluice.client().chat.completions.create(ask('demo-t2-e429-rms300-n1', 'rid=x'))).choices[0];
    expect(text?.message.content).toBe('x.0 x.1 ');
    const calls = await sluice.simulator.calls();
    expect(calls).toHaveLength(2);
    expect((calls[1]?.startedAt.clockMs ?? 0) - (calls[0]?.startedAt.clockMs ?? 0)).toBeGreaterThanOrEqual(295);
  });

  it('is an error with the time to wait beyond that deadline', async () => {
    const error = await sluice
      .client()
      .chat.completions.create(ask('demo-e429-r3600'))
      .catch((thrown: unknown) => thrown);
    expect(shape(error)).toEqual([RateLimitError.name, 429, 'upstream_rate_limited']);
    expect((error as APIError).headers?.get('retry-after')).toBe('60');
  });
});
