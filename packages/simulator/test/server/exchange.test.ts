import { describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/index.ts';
import { eventually } from '../eventually.ts';
import { callRaw, type RawRequest } from '../raw-call.ts';
import { clientOf, requestFor, simulate } from '../simulate.ts';

async function statusOf(simulator: Simulator, model: string, request: RawRequest = {}): Promise<unknown> {
  return (await callRaw(simulator, model, request).finish()).status;
}

const withKey = (key: string, headers: Record<string, string> = {}): RawRequest => ({
  headers: { authorization: `Bearer ${key}`, ...headers },
});

describe('where directives come from', () => {
  it('the key’s suffix applies to every call of a credential', async () => {
    const simulator = await simulate();
    expect(await statusOf(simulator, 'demo', withKey('tok-a-e429'))).toBe(429);
    expect(await statusOf(simulator, 'gpt-4o', withKey('tok-a-e429'))).toBe(429);
    expect(await statusOf(simulator, 'demo', withKey('tok-b'))).toBe(200);
  });

  it('model overrides key, header overrides model, script overrides header', async () => {
    const simulator = await simulate();
    const header = { 'x-sim-directives': 'e502' };
    expect(await statusOf(simulator, 'demo-e501', withKey('tok-e500'))).toBe(501);
    expect(await statusOf(simulator, 'demo-e501', withKey('tok-e500', header))).toBe(502);
    simulator.script([{ directives: 'e503', times: 1 }]);
    expect(await statusOf(simulator, 'demo-e501', withKey('tok-e500', header))).toBe(503);
    expect(simulator.calls().at(-1)?.directives).toBe('e500-e501-e502-e503');
  });

  it('settings of all sources add up', async () => {
    const simulator = await simulate();
    await statusOf(simulator, 'demo-t3', withKey('tok-q1', { 'x-sim-directives': 'utf8, s4' }));
    expect(simulator.calls()[0]).toMatchObject({ directives: 'q1-t3-utf8-s4', tokensSent: 4 });
  });

  it('a word in the header that is not a directive is refused', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo', withKey('tok-a', { 'x-sim-directives': 't4-typo' })).finish();
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain('\\"typo\\" in x-sim-directives');
  });
});

describe('faults that come and go', () => {
  it('nN affects the first tries of a conversation, whatever the key and the model’s suffix', async () => {
    const simulator = await simulate();
    expect(await statusOf(simulator, 'demo-e503-n2', withKey('tok-a'))).toBe(503);
    expect(await statusOf(simulator, 'demo-e429-n2', withKey('tok-b'))).toBe(429);
    expect(await statusOf(simulator, 'demo-e503-n2', withKey('tok-a'))).toBe(200);
    expect(await statusOf(simulator, 'other-e503-n2')).toBe(503);
    const otherMessages = { body: { messages: [{ role: 'user', content: 'something else' }] } };
    expect(await statusOf(simulator, 'demo-e503-n2', otherMessages)).toBe(503);
  });

  it('nN lets an SDK that retries succeed', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator).withOptions({ maxRetries: 2 });
    await client.chat.completions.create(requestFor('demo-e429-rms1-n2'));
    expect(simulator.stats().byStatus).toEqual({ 200: 1, 429: 2 });
  });

  it('pN affects the same conversations each time', async () => {
    const simulator = await simulate();
    const round = async (): Promise<unknown[]> => {
      const contents = Array.from({ length: 40 }, (_, index) => `conversation ${index}`);
      return Promise.all(
        contents.map((content) =>
          statusOf(simulator, 'demo-e500-p50', { body: { messages: [{ role: 'user', content }] } }),
        ),
      );
    };
    const first = await round();
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await round()).toEqual(first);
  });
});

describe('access to paths', () => {
  it('a call without a key is refused as by OpenAI', async () => {
    const simulator = await simulate();
    const answer = await callRaw(simulator, 'demo', { headers: {} }).finish();
    expect(answer.status).toBe(401);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      error: { message: expect.stringContaining("didn't provide an API key") as string, type: 'invalid_request_error' },
    });
    expect(simulator.calls()[0]).toMatchObject({ credential: '', status: 401, outcome: 'finished' });
  });

  it.each([{ 'api-key': 'tok-a' }, { authorization: 'bearer tok-a' }, { authorization: 'tok-a' }])(
    'a key comes as %j',
    async (headers: Record<string, string>) => {
      const simulator = await simulate();
      expect(await statusOf(simulator, 'demo', { headers })).toBe(200);
      expect(simulator.calls()[0]?.credential).toBe('tok-a');
    },
  );

  it.each([
    ['GET', '/v1/nothing'],
    ['POST', '/v1/models'],
    ['GET', '/'],
    ['GET', '/v1/chat/completions'],
  ])('%s %s is not a URL of OpenAI', async (method, path) => {
    const simulator = await simulate();
    const response = await fetch(simulator.url + path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      error: { message: `Invalid URL (${method} ${path})`, type: 'invalid_request_error', param: null, code: null },
    });
    expect(simulator.calls()[0]).toMatchObject({ method, path, status: 404 });
  });

  it('the path without /v1 also answers', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator).withOptions({ baseURL: simulator.url });
    await expect(client.chat.completions.create(requestFor('demo'))).resolves.toBeDefined();
  });
});

describe('the audit', () => {
  it('records a call as it was sent', async () => {
    const simulator = await simulate();
    await callRaw(simulator, 'demo-t3', withKey('tok-a', { 'X-Request-ID': 'abc' })).finish();
    expect(simulator.calls()).toEqual([
      {
        id: 'call-1',
        at: expect.any(Number) as number,
        method: 'POST',
        path: '/v1/chat/completions',
        query: '',
        model: 'demo-t3',
        stream: true,
        credential: 'tok-a',
        headers: {
          host: 'simulator',
          authorization: 'Bearer tok-a',
          'content-length': '80',
          'x-request-id': 'abc',
        },
        body: '{"model":"demo-t3","stream":true,"messages":[{"role":"user","content":"hello"}]}',
        conversation: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        directives: 't3',
        status: 200,
        outcome: 'finished',
        tokensSent: 3,
        startedAt: expect.any(Object) as object,
        firstTokenAt: expect.any(Object) as object,
        endedAt: expect.any(Object) as object,
        abortedAt: null,
      },
    ]);
  });

  it('counts the streams that are open at once', async () => {
    const simulator = await simulate();
    const calls = ['tok-a', 'tok-a', 'tok-b'].map((key) => callRaw(simulator, 'demo-stall', withKey(key)));
    await eventually(() => expect(simulator.stats().open).toBe(3));
    for (const call of calls) call.leave();
    await eventually(() => expect(simulator.stats().open).toBe(0));
    expect(simulator.stats()).toEqual({
      total: 3,
      open: 0,
      peakOpen: 3,
      aborted: 3,
      byStatus: { 200: 3 },
      byCredential: { 'tok-a': { total: 2, open: 0, peakOpen: 2 }, 'tok-b': { total: 1, open: 0, peakOpen: 1 } },
    });
  });

  it('records a peer that closes in the middle of its request', async () => {
    const simulator = await simulate();
    const call = callRaw(simulator, 'demo', withKey('tok-a', { 'content-length': '100000' }));
    await eventually(() => expect(simulator.stats().open).toBe(1));
    call.leave();
    await eventually(() => expect(simulator.calls()[0]?.outcome).toBe('aborted'));
    expect(simulator.calls()[0]).toMatchObject({ status: null, body: '' });
  });

  it('serves many calls on one connection', async () => {
    const simulator = await simulate();
    const client = clientOf(simulator);
    for (let round = 0; round < 5; round += 1) await client.chat.completions.create(requestFor('demo'));
    expect(simulator.calls().map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'finished'));
  });
});

describe('a body', () => {
  it('over 64 MB is refused', async () => {
    const simulator = await simulate();
    const response = await fetch(`${simulator.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer tok-a' },
      body: Buffer.alloc(64 * 1024 * 1024 + 1, ' '),
    });
    expect(response.status).toBe(413);
  });
});
