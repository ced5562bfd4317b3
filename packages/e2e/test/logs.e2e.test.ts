import { openaiClient, type ServiceProcess, until, verifies } from '@sluice/testkit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apiKey, ask, type Sluice, startSluice } from './sluice.ts';
import { openStream, post, startLeaver, untilOccupied } from './traffic.ts';

interface Line {
  readonly level: string;
  readonly time: string;
  readonly service: string;
  readonly msg: string;
  readonly [field: string]: unknown;
}

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
const longStream = 'demo-t100000-i20';

/** Returns the lines that a process has written; throws for a line that is not a JSON object. */
function linesOf({ output }: ServiceProcess): Line[] {
  return output()
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);
}

const ofIngress = ({ fleet }: Sluice): Line[] => fleet.ingresses.flatMap(linesOf);
const ofWorker = ({ fleet }: Sluice): Line[] => fleet.workers.flatMap(linesOf);

/** Returns the line of a request, once it is written; throws if there is a second one. */
async function requestLine(sluice: Sluice, id: string | null): Promise<Line> {
  const find = (): Line[] =>
    ofIngress(sluice).filter(({ msg, request_id: named }) => msg === 'request' && named === id);
  await until(() => find().length > 0, { what: `the line of request ${id}` });
  const [line, ...others] = find();
  if (line === undefined || others.length > 0) throw new Error(`${others.length + 1} lines for one request`);
  return line;
}

/** Returns the worker's lines about a request that failed once: the attempt, and the ones after it. */
function workOf(sluice: Sluice, internalId: unknown): Promise<Line[]> {
  const find = (): Line[] =>
    ofWorker(sluice).filter(({ internal_id: id, level }) => id === internalId && level !== 'debug');
  return until(() => find().length > 1 && find(), { what: "the worker's lines" });
}

const oneEach = { ingresses: 1, workers: 1 } as const;
const quickRetry = { retry: { base_delay_ms: 1, max_delay_ms: 5 } } as const;

describe('the logs of an ingress and a worker at level trace', () => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ...oneEach, env: { LOG_LEVEL: 'trace' }, config: quickRetry });
  });
  beforeEach(() => sluice.simulator.reset());

  /** The request of an SDK whose user sets tracing headers and ids. */
  async function retried(id: string): Promise<{ line: Line; work: Line[]; shownId: string | null }> {
    const client = openaiClient({ baseUrl: sluice.url(), apiKey });
    const { response } = await client.chat.completions
      .create({ ...ask('demo-t3-e500-n1', id), stream: true }, { headers: { traceparent, 'x-request-id': id } })
      .withResponse();
    await response.text();
    const shownId = response.headers.get('x-request-id');
    const line = await requestLine(sluice, shownId);
    return { line, shownId, work: await workOf(sluice, line['internal_id']) };
  }

  it(
    "join a request's lines by trace id and by an id of ours, and the client knows the line by its own",
    verifies('001-10', '000-39', '004-26'),
    async () => {
      const { line, work, shownId } = await retried('id-of-the-client');
      expect(shownId).toBe('id-of-the-client');
      expect(line).toMatchObject({ service: 'sluice-ingress', trace_id: traceId, attempts: 2, outcome: 'complete' });
      expect(line['internal_id']).toMatch(/^[\da-f-]{36}$/);
      expect(work).toMatchObject([
        {
          service: 'sluice-worker',
          level: 'warn',
          trace_id: traceId,
          msg: 'attempt 1 of 5 failed',
          attempt: 1,
          max_attempts: 5,
          upstream: 'sim',
          credential: 'a',
          kind: 'server',
          status: 500,
          reason: expect.stringMatching(/\w/),
          remedy: 'retry',
        },
        {
          service: 'sluice-worker',
          level: 'warn',
          trace_id: traceId,
          code: 'upstream_error',
          attempts: 1,
          max_attempts: 5,
          base_delay_ms: 1,
          delay_ms: expect.any(Number),
          status: 500,
        },
      ]);
    },
  );

  it('keep requests with the same client id apart', async () => {
    const sameId = 'used-twice';
    const texts = ['first', 'second'].map(async (content) => {
      const response = await fetch(`${sluice.url()}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'x-request-id': sameId },
        body: JSON.stringify(ask('demo-t3-e500-n1', content)),
      });
      return response.text();
    });
    await Promise.all(texts);
    const lines = (): Line[] => ofIngress(sluice).filter(({ request_id: id }) => id === sameId);
    await until(() => lines().length === 2, { what: 'the lines of both requests' });
    const ids = new Set(lines().map(({ internal_id: own }) => own));
    expect(ids.size).toBe(2);
    for (const id of ids) expect(await workOf(sluice, id)).toHaveLength(2);
  });

  it('name a request without a client id by the id in its answer', async () => {
    const { headers } = await post(sluice, { model: 'demo-t1' });
    const line = await requestLine(sluice, headers.get('x-request-id'));
    expect(line['internal_id']).toBe(line.request_id);
  });

  it('describe a chat request without its text', verifies('001-49'), async () => {
    const fields = { temperature: 0.5, max_tokens: 7, stream: true };
    const { headers } = await post(sluice, { model: 'demo-t1', content: 'never to be logged', fields });
    const line = await requestLine(sluice, headers.get('x-request-id'));
    expect(line).toMatchObject({ type: 'request', message_count: 1, temperature: 0.5, max_tokens: 7, stream: true });
    expect(JSON.stringify(line)).not.toContain('never to be logged');
    const plain = await post(sluice, { model: 'demo-t1' });
    const other = await requestLine(sluice, plain.headers.get('x-request-id'));
    expect([other['message_count'], other['temperature'], other['max_tokens']]).toEqual([1, undefined, undefined]);
  });

  it('show four characters at each end of the client key', verifies('001-51'), async () => {
    const { headers } = await post(sluice, { model: 'demo-t1' });
    const line = await requestLine(sluice, headers.get('x-request-id'));
    expect(line).toMatchObject({ key: `${apiKey.slice(0, 4)}…${apiKey.slice(-4)}`, key_name: 'test' });
    expect([...ofIngress(sluice), ...ofWorker(sluice)].map((each) => JSON.stringify(each)).join()).not.toContain(
      apiKey,
    );
  });

  it('grow by one line per request, whatever its number of tokens', async () => {
    // The line about a missing price comes once for each model.
    const lines = (): Line[] =>
      [...ofIngress(sluice), ...ofWorker(sluice)].filter(({ msg }) => msg !== 'no price is known for a model');
    const count = (isDetail: boolean): number =>
      lines().filter(({ level: at }) => (at === 'debug') === isDetail).length;
    const first = await openStream(sluice, { model: 'demo-t1-each' });
    await first.finish();
    // The worker's last line of a request may come after the line of the ingress.
    const details = (id: unknown): Promise<number> =>
      until(
        () => {
          const own = lines().filter(({ internal_id: of }) => of === id);
          return own.some(({ msg }) => msg === 'attempt ended') && own.length;
        },
        { what: 'the last line of the worker' },
      );
    const ofFirst = await details((await requestLine(sluice, String(first.headers['x-request-id'])))['internal_id']);
    const before = count(false);
    const answer = await openStream(sluice, { model: 'demo-t1000-each' });
    await answer.finish();
    expect(answer.content.events.length).toBeGreaterThan(1000);
    const line = await requestLine(sluice, String(answer.headers['x-request-id']));
    expect(line).toMatchObject({ completion_tokens: 1000, stream: true, model: 'demo-t1000-each', upstream: 'sim' });
    expect(line['ttft_ms']).toBeLessThanOrEqual(line['duration_ms'] as number);
    expect(await details(line['internal_id'])).toBe(ofFirst);
    expect(count(false)).toBe(before + 1);
  });

  it.each([
    ['complete', { model: 'demo-t1' }, { level: 'info', status: 200, outcome: 'complete' }],
    ['without a valid key', { model: 'demo-t1', key: 'sk-unknown-0001' }, { level: 'warn', code: 'invalid_api_key' }],
    ['not valid', { model: 'demo', fields: { n: 0 } }, { level: 'warn', status: 400, outcome: 'error' }],
    ['failed at the provider', { model: 'demo-e400' }, { level: 'warn', status: 400, code: 'upstream_rejected' }],
    [
      'failed for good',
      { model: 'demo-e503' },
      {
        level: 'error',
        status: 502,
        code: 'upstream_error',
        attempts: 5,
        upstream_status: 503,
        failure_kind: 'server',
      },
    ],
    [
      'broken off in the middle, repeatedly',
      { model: 'demo-t9-i20-reset-k4', fields: { stream: true } },
      { level: 'error', status: 200, outcome: 'error', attempts: 5 },
    ],
  ])('state the end of a request: %s', async (_name, options, expected) => {
    const response = await post(sluice, options);
    await response.text();
    expect(await requestLine(sluice, response.headers.get('x-request-id'))).toMatchObject(expected);
  });

  it(
    "tell at level debug what a run did, and nothing of its client's words",
    verifies('000-14', '001-40'),
    async () => {
      const response = await post(sluice, { model: 'demo-t2-e503-n1', content: 'WrenSecretWords' });
      await response.text();
      const { internal_id: internalId } = await requestLine(sluice, response.headers.get('x-request-id'));
      const find = (): Line[] =>
        ofWorker(sluice).filter(({ internal_id: id, level }) => id === internalId && level === 'debug');
      await until(() => find().filter(({ msg }) => msg === 'attempt ended').length === 2, { what: 'both attempts' });
      const target = 'sim/demo-t2-e503-n1';
      expect(find()).toMatchObject([
        { msg: 'run begins', targets: [target], attempts: 0, stream: false },
        { msg: 'attempt begins', attempt: 1, max_attempts: 5, target, credential: 'a', is_probe: false },
        { msg: 'provider called', method: 'POST', url: expect.stringMatching(/\/v1\/chat\/completions$/) },
        { msg: 'provider answers', status: 503, after_ms: expect.any(Number) },
        { msg: 'attempt ended', outcome: 'error' },
        { msg: 'run begins', attempts: 1 },
        { msg: 'attempt begins', attempt: 2 },
        { msg: 'provider called', attempt: 2 },
        { msg: 'provider answers', status: 200 },
        { msg: 'attempt ended', outcome: 'complete', finish_reason: 'stop' },
      ]);
      const said = [...ofIngress(sluice), ...ofWorker(sluice)].map((line) => JSON.stringify(line)).join();
      expect(said).not.toMatch(/WrenSecretWords|tok-sim-a/);
    },
  );

  it('state that a client left', async () => {
    const leaver = startLeaver(sluice, { model: longStream, content: 'leaver' });
    await until(async () => (await sluice.simulator.stats()).open === 1, { what: 'the call' });
    leaver.leave();
    const isLogged = (): boolean => ofIngress(sluice).some(({ outcome }) => outcome === 'cancelled');
    await until(isLogged, { what: 'the line of the client that left' });
    expect(ofIngress(sluice).find(({ outcome }) => outcome === 'cancelled')).toMatchObject({
      level: 'info',
      status: 499,
      model: longStream,
    });
    await untilOccupied(sluice, { running: 0, waiting: 0 });
  });

  it('are JSON objects with level, time, service and message, each on a line', verifies('001-10'), () => {
    const lines = [...ofIngress(sluice), ...ofWorker(sluice)];
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      expect(['trace', 'debug', 'info', 'warn', 'error']).toContain(line.level);
      expect(new Date(line.time).toISOString()).toBe(line.time);
      expect(line.service).toMatch(/^sluice-(ingress|worker)$/);
      expect(line.msg).toMatch(/\w/);
    }
  });
});

describe.each([
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
])('LOG_LEVEL=%s', (level, expected) => {
  let sluice: Sluice;
  beforeAll(async () => {
    sluice = await startSluice({ ...oneEach, env: { LOG_LEVEL: level }, config: quickRetry });
  });

  it(`writes ${expected.join(', ') || 'nothing'}`, verifies('000-08'), async () => {
    await post(sluice, { model: 'demo-t1' });
    await post(sluice, { model: 'demo-t1', key: 'sk-unknown-0001' });
    await post(sluice, { model: 'demo-e500' });
    // Waits until nothing is in progress.
    await sluice.fleet.stop();
    const levels = [...ofIngress(sluice), ...ofWorker(sluice)].map((line) => line.level);
    expect([...new Set(levels)].sort()).toEqual(expected.toSorted());
  });
});
