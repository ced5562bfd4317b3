import { connect as connectTcp, createServer as createTcpServer, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authority, signed } from './certificate-scene.ts';
import { startProxy, type TestProxy } from './proxy-scene.ts';
import { answerOf, ask, createClient, listen, rawServer } from './scene.ts';

const secret = (text: string) => ({ reveal: () => text });

type ClientSettings = Parameters<typeof createClient>[0];

const through = (url: string, settings: ClientSettings = {}, authorization?: string) =>
  createClient({
    proxyOf: () => ({ url, authorization: authorization === undefined ? undefined : secret(authorization) }),
    ...settings,
  });

const trusting = async (): Promise<ClientSettings> => ({ tls: { ca: (await authority).cert } });

/** Starts a provider that answers raw bytes over TLS: {@link rawServer} with TLS in front of it. */
async function tlsProvider(answer: Parameters<typeof rawServer>[0]): Promise<string> {
  const { port } = new URL(await rawServer(answer));
  const { private: key, cert } = await signed();
  const server = createTlsServer({ key, cert }, (client: Socket) => {
    const behind = connectTcp(Number(port), '127.0.0.1');
    client.pipe(behind).pipe(client);
    for (const socket of [client, behind]) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          client.destroy();
          behind.destroy();
        });
    }
  });
  return listen(server, 'https');
}

const hello = () => tlsProvider(({ socket }) => socket.write(answerOf('hello')));

describe('a call through a proxy', () => {
  it('to https uses a tunnel that is kept for the next call', async () => {
    const proxy = await startProxy();
    const url = await hello();
    const client = through(proxy.url, await trusting());
    for (let call = 0; call < 2; call++) {
      expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(proxy.asked).toEqual([`CONNECT ${new URL(url).host}`]);
  });

  it('to http is forwarded, on a connection that is kept', async () => {
    const proxy = await startProxy();
    const url = await rawServer(({ socket }) => socket.write(answerOf('hello')));
    const client = through(proxy.url);
    for (let call = 0; call < 2; call++) {
      expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(proxy.asked).toEqual([`POST ${url}`, `POST ${url}`]);
    expect(client.pool()).toEqual({ open: 1, waiting: 0 });
  });

  it('leaves the lookup of the name to the proxy', async () => {
    const port = Number(new URL(await hello()).port);
    const proxy = await startProxy({ port });
    const client = through(proxy.url, await trusting());
    const { failure } = await ask('https://no-such-name.invalid/v1/x', { client });
    expect(proxy.asked).toEqual(['CONNECT no-such-name.invalid:443']);
    // The tunnel leads to a server with a certificate for `localhost`.
    expect(failure).toMatchObject({ kind: 'certificate', code: 'certificate_wrong_host' });
  });

  it('sends user and password to the proxy only', async () => {
    const proxy = await startProxy();
    const heads: string[] = [];
    const plain = await listen(
      createTcpServer((socket) =>
        socket.on('data', (piece: Buffer) => {
          heads.push(piece.toString('latin1'));
          if (piece.includes('{"a":1}')) socket.write(answerOf('hello'));
        }),
      ),
    );
    const client = through(proxy.url, await trusting(), 'Basic dTpw');
    await ask(plain, { client });
    await ask(await hello(), { client });
    expect(proxy.authorizations).toEqual(['Basic dTpw', 'Basic dTpw']);
    expect(heads.join('')).not.toContain('dTpw');
  });

  it('works with TLS to the proxy itself', async () => {
    const { private: key, cert } = await signed();
    const proxy = await startProxy({ tls: { key, cert } });
    const known = getCACertificates('default');
    onTestFinished(() => setDefaultCACertificates(known));
    const plain = await rawServer(({ socket }) => socket.write(answerOf('plain')));
    const url = await hello();
    expect((await ask(url, { client: through(proxy.url, await trusting()) })).failure).toMatchObject({
      kind: 'unexpected',
      code: 'proxy_certificate',
    });
    setDefaultCACertificates([...known, (await authority).cert]);
    const client = through(proxy.url, await trusting());
    expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
    expect(await ask(plain, { client })).toMatchObject({ text: 'plain', failure: undefined });
  });

  it('skips interim answers', async () => {
    const proxy = await startProxy();
    const url = await tlsProvider(({ socket }) => {
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      socket.write(answerOf('hello'));
    });
    const client = through(proxy.url, await trusting());
    expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
  });

  it.each(['provider', 'proxy'])('is sent again if the %s closes the kept connection', async (who) => {
    const requests: string[] = [];
    const proxy: TestProxy = await startProxy();
    const url = await tlsProvider(({ socket, connection, request }) => {
      requests.push(`${connection}/${request}`);
      if (request === 0) return void socket.write(answerOf('hello'));
      if (who === 'provider') socket.destroy();
      else proxy.cut();
    });
    const client = through(proxy.url, await trusting());
    await ask(url, { client });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
    expect(requests).toEqual(['0/0', '0/1', '1/0']);
    expect(proxy.asked).toHaveLength(2);
  });

  it('distinguishes TLS failures of the provider', async () => {
    const proxy = await startProxy();
    const plain = await listen(
      createTcpServer((socket) => socket.on('data', () => socket.write('220 mail.example ESMTP\r\n'))),
      'https',
    );
    const failureOf = async (url: string, settings: ClientSettings) =>
      (await ask(url, { client: through(proxy.url, settings) })).failure;
    expect(await failureOf(await hello(), {})).toMatchObject({
      kind: 'certificate',
      code: 'certificate_unknown_authority',
    });
    expect(await failureOf(plain, await trusting())).toEqual({
      kind: 'network',
      message: 'The provider does not speak TLS on this port, but its base URL begins with https://.',
    });
  });

  it.each([
    ['HTTP/1.1 407 Proxy Authentication Required', 'unexpected', 'proxy_authentication', '(its status: 407)'],
    ['HTTP/1.1 403 Forbidden', 'unexpected', 'proxy_refused', '(its status: 403)'],
    ['HTTP/1.1 451 Unavailable For Legal Reasons', 'unexpected', 'proxy_refused', '(its status: 451)'],
    ['HTTP/1.1 408 Request Timeout', 'network', 'proxy_cannot_reach_provider', '(its status: 408)'],
    ['HTTP/1.1 425 Too Early', 'network', 'proxy_cannot_reach_provider', '(its status: 425)'],
    ['HTTP/1.1 429 Too Many Requests', 'network', 'proxy_cannot_reach_provider', '(its status: 429)'],
    ['HTTP/1.0 502 Bad Gateway', 'network', 'proxy_cannot_reach_provider', '(its status: 502)'],
    ['SSH-2.0-OpenSSH_9.2', 'unexpected', 'proxy_malformed', 'did not answer in HTTP'],
  ])('fails according to the answer of the proxy: %s', async (line, kind, code, words) => {
    const proxy = await startProxy({ answer: (socket) => socket.end(`${line}\r\ncontent-length: 0\r\n\r\n`) });
    const { failure } = await ask(await hello(), { client: through(proxy.url, await trusting(), 'Basic dTpw') });
    expect(failure).toMatchObject({ kind, code });
    expect(failure?.message).toContain(words);
    expect(failure?.message).not.toMatch(/127\.0\.0\.1|localhost|dTpw/);
  });

  it('fails if the proxy closes, is silent, or is not running', async () => {
    const closing = await startProxy({ answer: (socket) => socket.destroy() });
    const silent = await startProxy({ answer: () => undefined });
    const gone = await listen(createTcpServer((socket) => socket.destroy()));
    for (const [url, code] of [
      [closing.url, 'proxy_unreachable'],
      [silent.url, 'proxy_timeout'],
      [new URL(gone).origin, 'proxy_unreachable'],
      ['http://127.0.0.1:1', 'proxy_unreachable'],
    ] as const) {
      const client = through(url, { ...(await trusting()), connectTimeoutMs: 300 });
      expect((await ask(await hello(), { client })).failure).toMatchObject({ kind: 'network', code });
    }
    const client = through('http://127.0.0.1:1');
    expect((await ask('http://provider.invalid/v1', { client })).failure).toMatchObject({ code: 'proxy_unreachable' });
  });

  it.each([
    ['a limit', 429, {}],
    ['a limit with a time', 429, { 'retry-after': '8' }],
    ['an overload with a retry time', 503, { 'retry-after': '8' }],
  ])('that is forwarded leaves %s to the adapter, even with a proxy-status header of the provider', async (...each) => {
    const [, status, headers] = each;
    const proxy = await startProxy();
    const ofFront = { 'proxy-status': 'cdn.example; error=http_request_denied', ...headers };
    const limiting = await rawServer(({ socket }) => socket.write(answerOf('slow down', ofFront, status)));
    const { head, text, failure } = await ask(limiting, { client: through(proxy.url) });
    expect({ status: head?.status, text, failure }).toEqual({ status, text: 'slow down', failure: undefined });
    expect(head?.headers).toMatchObject(headers);
  });

  it.each([
    ['the provider then does not speak TLS', 'HTTP/1.1 200 OK', { kind: 'network', code: undefined }],
    ['the proxy then falls silent', 'HTTP/1.1 200', { kind: 'network', code: 'proxy_timeout' }],
  ])('has one time limit from the connection to TLS: the proxy uses most of it, and %s', async (...each) => {
    const [, line, expected] = each;
    const answeredAfterMs = 400;
    const proxy = await startProxy({
      answer: (socket) =>
        void setTimeout(() => socket.write(line.endsWith('OK') ? `${line}\r\n\r\n` : line), answeredAfterMs),
    });
    const client = through(proxy.url, { ...(await trusting()), connectTimeoutMs: 600 });
    const before = performance.now();
    const { failure } = await ask('https://localhost:1/v1', { client });
    const tookMs = performance.now() - before;
    expect({ kind: failure?.kind, code: failure?.code }).toEqual(expected);
    expect(failure?.message).toMatch(/timed out|in time/);
    expect(tookMs).toBeGreaterThan(answeredAfterMs);
    // With a separate limit for TLS, this would take 1000 ms.
    expect(tookMs).toBeLessThan(950);
  });

  it("that is forwarded distinguishes the proxy's own errors from those of the provider", async () => {
    const refusing = await listen(
      createTcpServer((socket) =>
        socket.once('data', () => socket.end(answerOf('', { 'proxy-authenticate': 'Basic' }, 407))),
      ),
    );
    const { failure } = await ask('http://provider.invalid/v1', { client: through(new URL(refusing).origin) });
    expect(failure).toMatchObject({ kind: 'unexpected', code: 'proxy_authentication' });
    const proxy = await startProxy();
    const gone = await ask('http://127.0.0.1:1/v1', { client: through(proxy.url) });
    expect(gone.failure).toMatchObject({ kind: 'network', code: 'proxy_cannot_reach_provider' });
    const failing = await rawServer(({ socket }) => socket.write(answerOf('busy', {}, 503)));
    const ofProvider = await ask(failing, { client: through(proxy.url) });
    expect(ofProvider).toMatchObject({ head: { status: 503 }, text: 'busy', failure: undefined });
  });
});

describe('own headers', () => {
  it('are sent with every call and override those of the request, in any case', async () => {
    const url = await listen(
      createTcpServer((socket) =>
        socket.on('data', (piece: Buffer) => {
          if (piece.includes('{"a":1}')) socket.write(answerOf(piece.toString('latin1')));
        }),
      ),
    );
    const client = createClient({ headers: { 'content-type': 'application/x', 'x-team': 'blue' } });
    const { text } = await ask(url, { client });
    expect(text).toContain('x-team: blue\r\n');
    expect(text.match(/content-type: .*/gi)).toEqual(['content-type: application/x']);
  });
});
