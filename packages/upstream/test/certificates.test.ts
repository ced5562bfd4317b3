import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { authority, issue, signed } from './certificate-scene.ts';
import { ask, createClient, listen } from './scene.ts';

const day = 24 * 3600 * 1000;
async function serve({ private: key, cert }: { readonly private: string; readonly cert: string }): Promise<string> {
  return listen(
    createServer({ key, cert }, (_request, response) => response.end('hello')),
    'https',
  );
}

const at = (days: number): Date => new Date(Date.now() + days * day);

describe('a certificate', () => {
  it('is accepted if its authority is trusted', async () => {
    const client = createClient({ tls: { ca: (await authority).cert } });
    expect(await ask(await serve(await signed()), { client })).toMatchObject({ text: 'hello', failure: undefined });
  });

  it.each<[string, string, () => ReturnType<typeof signed>]>([
    ['certificate_self_signed', 'self-signed', () => issue({})],
    ['certificate_expired', 'has expired', () => signed({ notBeforeDate: at(-9), notAfterDate: at(-2) })],
    ['certificate_not_yet_valid', 'not valid yet', () => signed({ notBeforeDate: at(2), notAfterDate: at(9) })],
    ['certificate_wrong_host', 'another host name', () => signed({}, 'elsewhere.example')],
  ])('is refused with its cause: %s', async (code, words, make) => {
    const client = createClient({ tls: { ca: (await authority).cert } });
    const { failure } = await ask(await serve(await make()), { client });
    expect(failure).toMatchObject({ kind: 'certificate', code });
    expect(failure?.message).toContain(words);
    expect(failure?.message).not.toMatch(/localhost|127\.0\.0\.1|elsewhere/);
  });

  it('is refused if its authority is unknown', async () => {
    const { private: key, cert } = await signed();
    const alone = await serve({ private: key, cert });
    const inChain = await serve({ private: key, cert: `${cert}\n${(await authority).cert}` });
    for (const url of [alone, inChain]) {
      expect((await ask(url)).failure).toMatchObject({ kind: 'certificate', code: 'certificate_unknown_authority' });
    }
  });
});

describe('a client certificate', () => {
  const strict = async (): Promise<string> => {
    const { private: key, cert } = await signed();
    const { cert: ca } = await authority;
    const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }, (request, response) =>
      response.end((request.socket as TLSSocket).getPeerCertificate().subject.CN),
    );
    return listen(server, 'https');
  };

  it('is shown to a provider that requires one', async () => {
    const { private: key, cert } = await signed({}, 'worker.example');
    const client = createClient({ tls: { ca: (await authority).cert, cert, key } });
    expect(await ask(await strict(), { client })).toMatchObject({ text: 'worker.example', failure: undefined });
  });

  it('is reported if it is missing', async () => {
    const client = createClient({ tls: { ca: (await authority).cert } });
    expect((await ask(await strict(), { client })).failure).toMatchObject({
      kind: 'certificate',
      code: 'certificate_required',
    });
  });
});

describe('a port', () => {
  it('is reported if it does not speak TLS', async () => {
    const url = await listen(
      createHttpServer((_request, response) => response.end('hello')),
      'https',
    );
    const raw = await listen(
      createTcpServer((socket) => socket.on('data', () => socket.write('220 mail.example ESMTP\r\n'))),
      'https',
    );
    for (const target of [url, raw]) {
      expect((await ask(target)).failure).toEqual({
        kind: 'network',
        message: 'The provider does not speak TLS on this port, but its base URL begins with https://.',
      });
    }
  });

  it('is reported if it expects TLS', async () => {
    const alert = Buffer.from([0x15, 3, 1, 0, 2, 2, 70]);
    const url = await listen(createTcpServer((socket) => socket.once('data', () => socket.end(alert))));
    expect((await ask(url)).failure).toEqual({
      kind: 'malformed',
      message: 'The provider expects TLS on this port, but its base URL begins with http://.',
    });
  });

  it('is reported with a refused handshake if no cipher is shared', async () => {
    const { private: key, cert } = await signed();
    const url = await listen(
      createTlsServer({ key, cert, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA256' }),
      'https',
    );
    expect((await ask(url)).failure).toEqual({
      kind: 'network',
      message:
        'The provider refused the TLS handshake: it requires a client certificate, or shares no cipher with this machine.',
    });
  });
});
