import type { Call } from '@sluice/upstream';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, createClient, type RawRequest, rawServer, requestTo } from './scene.ts';

/** Waits two turns: one until the pool has the connection back, one until it may be used. */
async function poolIsIdle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const ways: readonly (readonly [string, (request: RawRequest) => void])[] = [
  ['closed', ({ socket }) => socket.end()],
  ['reset', ({ socket }) => socket.resetAndDestroy()],
  ['gone', ({ socket }) => socket.destroy()],
];

describe('a reused connection that the provider closes', () => {
  it.each(ways)('is replaced at once, for eight calls at a time: %s', async (_how, close) => {
    const requests: string[] = [];
    const url = await rawServer((request) => {
      requests.push(`${request.connection}/${request.request}`);
      if (request.request > 0) close(request);
      else if (requests.length >= 8) request.socket.write(answerOf('hello'));
      else setImmediate(() => request.socket.write(answerOf('hello')));
    });
    const client = createClient();
    const callEight = () => Promise.all(Array.from({ length: 8 }, () => ask(url, { client })));
    await callEight();
    await poolIsIdle();
    const seen = requests.length;
    for (const outcome of await callEight()) expect(outcome).toMatchObject({ text: 'hello', failure: undefined });
    const again = requests.slice(seen);
    expect(again.filter((request) => request.endsWith('/1')).length).toBeGreaterThan(0);
    // Each call that met a dead connection was sent exactly once more.
    expect(again.length).toBe(8 + again.filter((request) => request.endsWith('/1')).length);
  });

  it('is replaced by a new one even if other old ones are idle', async () => {
    const url = await rawServer((request) => {
      if (request.request > 0) request.socket.destroy();
      else setTimeout(() => request.socket.write(answerOf('hello')), 20);
    });
    const client = createClient();
    await Promise.all(Array.from({ length: 5 }, () => ask(url, { client })));
    await poolIsIdle();
    expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
  });

  it('sends the same request again', async () => {
    const bodies: string[] = [];
    const url = await rawServer((request) => {
      if (request.request > 0) return request.socket.resetAndDestroy();
      bodies.push(`${request.connection}`);
      request.socket.write(answerOf(`from ${request.connection}`));
    });
    const client = createClient();
    await ask(url, { client });
    await poolIsIdle();
    // The server counts only requests with a whole body.
    expect(await ask(url, { client })).toMatchObject({ text: 'from 1' });
    expect(bodies).toEqual(['0', '1']);
  });

  it('is a failure once a byte of an answer has arrived', async () => {
    for (const beginning of ['H', 'HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 200 OK\r\ncontent-le']) {
      let requests = 0;
      const url = await rawServer((request) => {
        requests++;
        if (request.request === 0) request.socket.write(answerOf('hello'));
        else request.socket.write(beginning, () => setImmediate(() => request.socket.end()));
      });
      const client = createClient();
      await ask(url, { client });
      await poolIsIdle();
      expect((await ask(url, { client })).failure?.kind).toBe('network');
      expect(requests).toBe(2);
    }
  });

  it('is a failure if it was new', async () => {
    let requests = 0;
    const url = await rawServer(({ socket }) => {
      requests++;
      socket.destroy();
    });
    expect((await ask(url)).failure?.kind).toBe('network');
    expect(requests).toBe(1);
  });

  it('is a failure if the new one closes too', async () => {
    const requests: string[] = [];
    const url = await rawServer(({ socket, connection, request }) => {
      requests.push(`${connection}/${request}`);
      if (connection === 0 && request === 0) socket.write(answerOf('hello'));
      else socket.destroy();
    });
    const client = createClient();
    await ask(url, { client });
    await poolIsIdle();
    expect((await ask(url, { client })).failure?.kind).toBe('network');
    expect(requests).toEqual(['0/0', '0/1', '1/0']);
  });

  it('is reported to the listener, which may abort', async () => {
    for (const [onResend, wanted] of [
      [(call: Call) => call.abort(), []],
      [
        () => {
          throw new Error('no');
        },
        ['malformed'],
      ],
    ] as const) {
      const requests: string[] = [];
      const heard: string[] = [];
      const resent = Promise.withResolvers<void>();
      const url = await rawServer(({ socket, connection, request }) => {
        requests.push(`${connection}/${request}`);
        if (request === 0) socket.write(answerOf('hello'));
        else socket.destroy();
      });
      const client = createClient();
      await ask(url, { client });
      await poolIsIdle();
      const nothing = (): undefined => undefined;
      const call: Call = client.call(requestTo(url), {
        onResend() {
          resent.resolve();
          onResend(call);
        },
        onHead: nothing,
        onText: nothing,
        onEnd: () => heard.push('end'),
        onFailure: ({ kind }) => heard.push(kind),
      });
      await resent.promise;
      await ask(url, { client });
      expect(heard).toEqual(wanted);
      expect(requests).toEqual(['0/0', '0/1', '1/0']);
    }
  });

  it('is not replaced for an aborted call', async () => {
    const requests: string[] = [];
    let abort = (): void => undefined;
    const closed = Promise.withResolvers<void>();
    const url = await rawServer(({ socket, connection, request }) => {
      requests.push(`${connection}/${request}`);
      if (request === 0) return socket.write(answerOf('hello'));
      socket.once('close', () => closed.resolve());
      abort();
      return undefined;
    });
    const client = createClient();
    await ask(url, { client });
    await poolIsIdle();
    const nothing = (): undefined => undefined;
    const call = client.call(
      { method: 'POST', url, headers: {}, body: '{"a":1}' },
      {
        onResend: () => requests.push('resent'),
        onHead: nothing,
        onText: nothing,
        onEnd: nothing,
        onFailure: () => requests.push('failed'),
      },
    );
    abort = () => call.abort();
    await closed.promise;
    expect(await ask(url, { client })).toMatchObject({ text: 'hello' });
    expect(requests).toEqual(['0/0', '0/1', '1/0']);
  });
});
