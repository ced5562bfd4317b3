import { verifies } from '@sluice/testkit';
import { APIError, BadRequestError, InternalServerError, NotFoundError, RateLimitError } from 'openai';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Sluice, startSluice, textOf, upstream } from './sluice.ts';
import { openStream, readAnswer } from './traffic.ts';

/**
 * Parts of this file: a model's name begins with one and ends with directives of the simulator. Each has its own
 * upstream: cooldowns and open circuits must not affect the next part.
 */
const parts = ['whole', 'stream', 'refused401', 'refused403', 'breaking', 'bytes', 'limiting'];

const settings = {
  retry: { max_attempts: 3, base_delay_ms: 5, max_delay_ms: 20, jitter: 0 },
  timeouts: { first_token_ms: 400, idle_ms: 400, total_ms: 20_000 },
};

let sluice: Sluice;
/** Has a shorter deadline. */
let hasty: Sluice;
beforeAll(async () => {
  const replicas = { ingresses: 1, workers: 1 };
  [sluice, hasty] = await Promise.all([
    startSluice({
      ...replicas,
      config: (simulatorUrl) => ({
        ...settings,
        upstreams: parts.map((part) => upstream(part, simulatorUrl)),
        models: parts.map((part) => ({ id: `${part}-*`, targets: [{ upstream: part }] })),
      }),
    }),
    startSluice({ ...replicas, config: { ...settings, timeouts: { ...settings.timeouts, total_ms: 1500 } } }),
  ]);
});
beforeEach(() => Promise.all([sluice.simulator.reset(), hasty.simulator.reset()]));

/** Returns the error that an SDK throws, and the number of calls that the provider received. */
async function failure(
  model: string,
  { stream = false, of = sluice } = {},
): Promise<{ error: unknown; calls: number }> {
  const client = of.client();
  const asked = stream
    ? client.chat.completions.create({ ...ask(model), stream: true }).then(textOf)
    : client.chat.completions.create(ask(model));
  const error = await asked.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, calls: (await of.simulator.stats()).total };
}

const shape = (error: unknown): unknown =>
  error instanceof APIError ? [error.constructor.name, error.status, error.code] : error;

describe.each([
  ['in one piece', false, 'whole'],
  ['as a stream', true, 'stream'],
])('an answer %s', (_how, stream, part) => {
  // The SDK's error class, Sluice's status and code, number of calls to the provider.
  it.each<[string, string, number, string, number]>([
    ['e500', InternalServerError.name, 502, 'upstream_error', 3],
    ['e502', InternalServerError.name, 502, 'upstream_error', 3],
    ['e503', InternalServerError.name, 502, 'upstream_error', 3],
    ['e504', InternalServerError.name, 502, 'upstream_error', 3],
    ['e408', InternalServerError.name, 502, 'request_timeout', 3],
    ['busy0', InternalServerError.name, 502, 'upstream_error', 3],
    ['resetearly', InternalServerError.name, 502, 'upstream_error', 3],
    ['resethead', InternalServerError.name, 502, 'upstream_error', 3],
    // A repetition would give the same result: two attempts at most are paid for.
    ['html', InternalServerError.name, 502, 'upstream_malformed', 2],
    ['errev-k0', InternalServerError.name, 502, 'upstream_error', 3],
    ['e501', InternalServerError.name, 502, 'upstream_error', 1],
    ['e400', BadRequestError.name, 400, 'upstream_rejected', 1],
    ['e422', BadRequestError.name, 400, 'upstream_rejected', 1],
    ['ctxlen', BadRequestError.name, 400, 'context_length_exceeded', 1],
    ['policy', BadRequestError.name, 400, 'content_policy_violation', 1],
    ['e404', NotFoundError.name, 404, 'model_not_found', 1],
  ])(
    'that fails as %s is thrown as %s',
    { ...verifies('004-09', '000-23', '000-28', '000-30', '000-32', '000-33'), timeout: 20_000 },
    async (directives, name, status, code, calls) => {
      const failed = await failure(`${part}-${directives}`, { stream });
      expect([shape(failed.error), failed.calls]).toEqual([[name, status, code], calls]);
    },
  );

  it.each([
    't3-e503-n1',
    't3-busy1-n2',
    't3-resetearly-n1',
    't3-resethead-n2',
    't3-html-n1',
    't3-errev-k0-n1',
    't3-half-k0-n1',
  ])('that succeeds in the end hides the failures before it: %s', verifies('001-09', '001-14'), async (directives) => {
    const client = sluice.client();
    const model = `${part}-${directives}`;
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
  it(`is hidden from the client, is not tried again for its request, and ${what}`, verifies('000-34'), async () => {
    const { error, calls } = await failure(`refused${status}-e${status}`);
    expect([shape(error), calls]).toEqual([[InternalServerError.name, 502, 'upstream_authentication'], 1]);
    expect((error as APIError).headers?.get('x-should-retry')).toBe('false');
    expect((await failure(`refused${status}-t1`)).calls).toBe(callsAfter);
  });
});

describe('a silent provider', () => {
  it.each([
    ['in one piece, until the time is up', false, 1],
    ['as a stream, until the first token is overdue', true, 3],
  ])('is waited for %s', async (_how, stream, calls) => {
    const failed = await failure('demo-hang', { stream, of: hasty });
    expect([shape(failed.error), failed.calls]).toEqual([[InternalServerError.name, 504, 'upstream_timeout'], calls]);
  });
});

describe('a provider that breaks in the middle of each stream', () => {
  it.each([
    ['breaking-t20-reset-k5-drift', 'upstream_truncated'],
    ['breaking-t20-close-k5-drift', 'upstream_truncated'],
    ['breaking-t20-half-k5-drift', 'upstream_truncated'],
    ['breaking-t20-cut-k5-drift', 'upstream_truncated'],
    ['breaking-t20-errev-k5-drift', 'upstream_truncated'],
    ['breaking-t20-badjson-k5-drift', 'upstream_truncated'],
    ['breaking-t20-stall-k5-drift', 'upstream_truncated'],
    ['breaking-t20-huge20-k5-drift', 'upstream_truncated'],
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
  it('never reach a client unchanged', async () => {
    const answer = await openStream(sluice, { model: 'bytes-t6-badutf8-k2', content: 'rid=x' });
    await answer.finish();
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(answer.text))).not.toThrow();
    for (const { data } of answer.content.events) {
      if (data !== '[DONE]') expect(() => JSON.parse(data) as unknown).not.toThrow();
    }
  });
});

describe('a provider that limits its rate', () => {
  it('is waited for within the deadline of the client', verifies('000-31'), async () => {
    const text = (await sluice.client().chat.completions.create(ask('limiting-t2-e429-rms300-n1', 'rid=x'))).choices[0];
    expect(text?.message.content).toBe('x.0 x.1 ');
    const calls = await sluice.simulator.calls();
    expect(calls).toHaveLength(2);
    expect((calls[1]?.startedAt.clockMs ?? 0) - (calls[0]?.startedAt.clockMs ?? 0)).toBeGreaterThanOrEqual(295);
  });

  it('is an error with the time to wait beyond that deadline', async () => {
    const error = await sluice
      .client()
      .chat.completions.create(ask('limiting-e429-r3600'))
      .catch((thrown: unknown) => thrown);
    expect(shape(error)).toEqual([RateLimitError.name, 429, 'upstream_rate_limited']);
    expect((error as APIError).headers?.get('retry-after')).toBe('60');
  });
});
