import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { readTlsFiles } from '@sluice/config';
import { describe, expect, it, onTestFinished } from 'vitest';
import { errorOf, load, problemsOf } from '../load.ts';

const withUpstream = (settings: string): string => `
upstreams: [{ id: up, type: openai, base_url: "https://a.example/v1", ${settings} }]
models: [{ id: "*", targets: [{ upstream: up }] }]
`;
const env = { SLUICE_API_KEYS: 'sk-any-key-0001', TEAM: 'blue team', HOME: '/home/ann' };
const upstream = (settings: string) => load(withUpstream(settings), env).upstreams[0];
const problems = (settings: string): string[] => problemsOf(withUpstream(settings), env);

describe('the network of an upstream', () => {
  it('uses its own proxy, none, or that of the environment', () => {
    expect(upstream('proxy: "http://u:p@proxy.example:3128"')?.proxy).toMatchObject({
      url: 'http://proxy.example:3128',
    });
    expect(upstream('proxy: none')?.proxy).toBe('none');
    expect(upstream('')?.proxy).toBeUndefined();
    for (const wrong of ['socks5://a:1', 'proxy.example:3128', 'http://a/path', 'None', '']) {
      expect(problems(`proxy: "${wrong}"`)).toEqual([
        expect.stringMatching(/^upstreams\[0\]\.proxy: .*none, or an http/),
      ]);
    }
    expect(problems('proxy: "ftp://u:hidden@a"').join()).not.toContain('hidden');
  });

  it('resolves files of certificates from the working directory or the home folder', () => {
    expect(upstream('tls: { ca: ca.pem, cert: "~/c.pem", key: /etc/k.pem }')?.tls).toEqual({
      ca: '/srv/ca.pem',
      cert: '/home/ann/c.pem',
      key: '/etc/k.pem',
    });
    expect(problems('tls: { cert: c.pem }')).toEqual([
      'upstreams[0].tls.key: is missing; it must be the path of a PEM file, since cert is set',
    ]);
    expect(problems('tls: { insecure: true }')).toEqual([expect.stringMatching(/^upstreams\[0\]\.tls.*insecure/)]);
  });

  it('has its own headers, whose values are secrets', () => {
    const headers = upstream('headers: { X-Team: "${TEAM}", x-version: "2" }')?.headers ?? {};
    expect(Object.entries(headers).map(([name, value]) => [name, value.reveal()])).toEqual([
      ['x-team', 'blue team'],
      ['x-version', '2'],
    ]);
    expect(JSON.stringify(headers)).not.toContain('blue');
  });

  it.each([
    ['Connection: close', /it belongs to the connection/],
    ['transfer-encoding: chunked', /it belongs to the connection/],
    ['Proxy-Authorization: x', /in the URL of `proxy`/],
    ['Host: a', /Sluice sets it itself/],
    ['content-type: text/plain', /Sluice sets it itself/],
    ['authorization: Bearer x', /must not be set beside credentials/],
    ['X-Api-Key: x', /must not be set beside credentials/],
    ['x-a: "1", X-A: "2"', /occurs twice/],
    ['x-a: "a\\r\\nb: c"', /text of one line/],
    ['x-a: " a"', /text of one line/],
    ['x-a: 5', /text of one line/],
    ['"x a": b', /the name of a header/],
  ])('refuses the header %s', (header, words) => {
    const found = problems(`credentials: [{ id: a, api_key: key-one-1 }], headers: { ${header} }`);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^upstreams\[0\]\.headers/);
    expect(found[0]).toMatch(words);
  });

  it('accepts a header for the key if there are no credentials', () => {
    expect(Object.keys(upstream('headers: { authorization: Bearer x }')?.headers ?? {})).toEqual(['authorization']);
  });
});

describe('files of certificates', () => {
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), 'sluice-pem-'));
    onTestFinished(() => rmSync(path, { recursive: true }));
    return path;
  };
  const pem = rootCertificates[0] ?? '';

  it('are replaced by their texts', () => {
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, pem);
    chmodSync(ca, 0o400);
    expect(readTlsFiles({ ca, cert: undefined, key: undefined }, 'redis.tls')).toEqual({
      ca: pem,
      cert: undefined,
      key: undefined,
    });
  });

  it('that do not match are a problem', () => {
    const path = folder();
    const [cert, key] = [join(path, 'cert.pem'), join(path, 'key.pem')];
    writeFileSync(cert, pem);
    const { privateKey } = generateKeyPairSync('ed25519');
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    for (const [text, words] of [
      [privateKey.export(pkcs8), 'the key belongs to another certificate'],
      [privateKey.export({ ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'x' }), 'unencrypted key (ERR_'],
    ] as const) {
      writeFileSync(key, text);
      const { problems: found } = errorOf(() => readTlsFiles({ ca: undefined, cert, key }, 'upstreams[0].tls'));
      expect(found).toEqual([{ path: 'upstreams[0].tls', message: expect.stringContaining(words) }]);
    }
  });

  const block = (label: string, text: string): string => `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`;
  const privatePem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  it.each([
    ['a private key alone', privatePem, 'has none'],
    ['a damaged certificate', block('CERTIFICATE', 'AAAA'), 'certificate 1 of'],
    ['a damaged certificate behind a good one', `${pem}\n${block('CERTIFICATE', 'AAAA')}`, 'certificate 2 of'],
    ['a certificate that was cut', `${pem}\n${pem.slice(0, 400)}`, 'certificate 2 of'],
  ])('of authorities are refused with %s', (_, text, words) => {
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, text);
    const { problems: found } = errorOf(() => readTlsFiles({ ca, cert: undefined, key: undefined }, 'redis.tls'));
    expect(found).toEqual([{ path: 'redis.tls.ca', message: expect.stringContaining(words) }]);
  });

  it.each([
    ['many certificates', rootCertificates.slice(0, 3).join('\n')],
    ['comments between them', `one\n${pem}\n# two\n${pem}\nend`],
    ['another label', pem.replaceAll('CERTIFICATE', 'X509 CERTIFICATE')],
    ['a private key beside it', `${privatePem}${pem}`],
    ['Windows line ends', pem.replaceAll('\n', '\r\n')],
  ])('of authorities may hold %s', (_, text) => {
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, text);
    expect(readTlsFiles({ ca, cert: undefined, key: undefined }, 'redis.tls').ca).toBe(text);
  });

  it('that can not be used are all reported at once, with their settings', () => {
    const ca = join(folder(), 'ca.der');
    writeFileSync(ca, 'binary');
    const key = join(folder(), 'absent.pem');
    const { problems: found } = errorOf(() => readTlsFiles({ ca, cert: undefined, key }, 'upstreams[2].tls'));
    expect(found).toEqual([
      { path: 'upstreams[2].tls.ca', message: expect.stringContaining('no line that begins with -----BEGIN') },
      { path: 'upstreams[2].tls.key', message: expect.stringContaining("can't be read (ENOENT)") },
    ]);
  });
});
