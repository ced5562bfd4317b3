import { once } from 'node:events';
import type { LookupAddress } from 'node:dns';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createImageFetcher, type ImageFetcher, isPublicAddress } from '@sluice/upstream';
import { generate } from 'selfsigned';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startProxy } from './proxy-scene.ts';

const png = Buffer.from('89504e470d0a1a0a', 'hex');
let certificate: { readonly private: string; readonly cert: string };
beforeAll(async () => {
  certificate = await generate([{ name: 'commonName', value: 'images.example' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'images.example' }] }],
  });
});

const servers: Server[] = [];
const fetchers: ImageFetcher[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(fetchers.splice(0).map((fetcher) => fetcher.close()));
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Lookup = (name: string, options: object, callback: (error: null, all: LookupAddress[]) => void) => void;

type SceneOptions = Partial<Pick<Parameters<typeof createImageFetcher>[0], 'maxTotalBytes' | 'proxyOf'>>;

/** Starts an image server on this machine, and a fetcher that resolves the server's name to it. */
async function scene(answer: Answer, addresses = ['127.0.0.1'], over: SceneOptions = {}) {
  const server = createServer({ key: certificate.private, cert: certificate.cert }, answer);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const lookup = vi.fn<Lookup>((_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    ),
  );
  const fetcher = createImageFetcher({
    maxBytes: 1000,
    maxTotalBytes: 1_000_000,
    timeoutMs: 400,
    ports: [443, (server.address() as AddressInfo).port],
    ca: certificate.cert,
    lookup: lookup as never,
    isAllowed: (address) => address === '127.0.0.1' || isPublicAddress(address),
    ...over,
  });
  fetchers.push(fetcher);
  const url = `https://images.example:${(server.address() as AddressInfo).port}/a.png`;
  const { signal } = new AbortController();
  type OnKeep = Parameters<ImageFetcher['fetch']>[2];
  return { url, lookup, fetch: (at = url, onKeep?: OnKeep) => fetcher.fetch(at, signal, onKeep) };
}

const sends =
  (status: number, headers: Record<string, string>, body: Buffer = png) =>
  (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(status, headers).end(body);
const unreached = 'could not be fetched from a public address';
const httpsOnly = 'must be https on port 443, without user and password';
const image = { 'content-type': 'image/png; charset=binary' };

describe('an image fetcher', () => {
  it('returns the bytes of an image, and looks its name up once', async () => {
    const { fetch, lookup } = await scene(sends(200, image));
    expect(await fetch()).toEqual({ kind: 'image', mediaType: 'image/png', base64: png.toString('base64') });
    expect(lookup).toHaveBeenCalledOnce();
  });

  it.each<[string, Parameters<typeof scene>[0], string]>([
    ['a redirect', sends(302, { location: 'https://elsewhere.example/' }), 'redirects; redirects are not followed'],
    ['an error', sends(404, image), 'was answered with status 404'],
    ['a page', sends(200, { 'content-type': 'text/html' }), 'is not a PNG, JPEG, GIF or WebP'],
    ['a vector image', sends(200, { 'content-type': 'image/svg+xml' }), 'is not a PNG, JPEG, GIF or WebP'],
    [
      'an image with too large a content-length',
      sends(200, { ...image, 'content-length': '1001' }, Buffer.alloc(1001)),
      'is too large',
    ],
    [
      'an image that grows too large',
      sends(200, { ...image, 'transfer-encoding': 'chunked' }, Buffer.alloc(5000)),
      'is too large',
    ],
    ['silence', () => undefined, 'could not be fetched from a public address'],
    [
      'an image that never ends',
      (_request, response) => response.writeHead(200, image).write(png),
      'could not be fetched from a public address',
    ],
    ['a broken connection', (request) => request.socket.destroy(), unreached],
    [
      'a compressed image',
      sends(200, { ...image, 'content-encoding': 'gzip' }),
      'was sent with a content-encoding, which is not supported',
    ],
  ])('refuses %s', async (_what, answer, reason) => {
    const { fetch } = await scene(answer);
    expect(await fetch()).toEqual({ kind: 'refused', reason });
  });

  it('gives a proxy the checked address instead of the name', async () => {
    const proxy = await startProxy();
    const { fetch, url } = await scene(sends(200, image), ['127.0.0.1'], { proxyOf: () => proxy });
    expect(await fetch()).toMatchObject({ kind: 'image' });
    expect(proxy.asked).toEqual([`CONNECT 127.0.0.1:${new URL(url).port}`]);
  });

  it('uses no proxy for a name without a public address', async () => {
    const proxy = await startProxy();
    const { fetch } = await scene(sends(200, image), ['127.0.0.1', '10.0.0.7'], { proxyOf: () => proxy });
    expect(await fetch()).toEqual({ kind: 'refused', reason: unreached });
    expect(await fetch('https://10.0.0.7/a.png')).toEqual({ kind: 'refused', reason: unreached });
    expect(proxy.asked).toEqual([]);
  });

  it('reveals nothing about a proxy that refuses', async () => {
    const proxy = await startProxy({ answer: (socket) => socket.end('HTTP/1.1 407 Who are you\r\n\r\n') });
    const { fetch } = await scene(sends(200, image), ['127.0.0.1'], { proxyOf: () => proxy });
    expect(await fetch()).toEqual({ kind: 'refused', reason: unreached });
  });

  it('connects to no server if one address of a name is not public', async () => {
    const answer = vi.fn<Answer>(sends(200, image));
    const { fetch } = await scene(answer, ['127.0.0.1', '10.0.0.7']);
    expect(await fetch()).toEqual({ kind: 'refused', reason: unreached });
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    ['http://images.example/a.png', httpsOnly],
    ['ftp://images.example/a.png', httpsOnly],
    ['https://me:secret@images.example/a.png', httpsOnly],
    ['https://10.0.0.1/a.png', unreached],
    ['https://[::1]/a.png', unreached],
    ['https://[::ffff:10.0.0.1]/a.png', unreached],
    ['https://2130706434/a.png', unreached],
    ['https://0x7f.2/a.png', unreached],
    ['https://images.example:8443/a.png', httpsOnly],
    ['https://images.example:22/a.png', httpsOnly],
    ['not a URL', 'has no valid address'],
  ])('refuses %s', async (url, reason) => {
    const { fetch, lookup } = await scene(sends(200, image));
    expect(await fetch(url)).toEqual({ kind: 'refused', reason });
    expect(lookup).not.toHaveBeenCalled();
  });
});

describe('an image fetcher used to probe a network', () => {
  it('gives the same reason for an internal name, a missing name and a closed port', async () => {
    const { url, lookup, fetch } = await scene(sends(200, image));
    const reasons: unknown[] = [];
    lookup.mockImplementationOnce((_name, _options, callback) => callback(null, [{ address: '10.0.0.7', family: 4 }]));
    reasons.push(await fetch());
    lookup.mockImplementationOnce((_name, _options, callback) => {
      const error = Object.assign(new Error('getaddrinfo ENOTFOUND images.example'), { code: 'ENOTFOUND' });
      callback(error as never, []);
    });
    reasons.push(await fetch());
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    reasons.push(await fetch(), await fetch('https://10.0.0.7/a.png'));
    expect(new Set(reasons.map((reason) => JSON.stringify(reason)))).toEqual(
      new Set([JSON.stringify({ kind: 'refused', reason: unreached })]),
    );
    expect(url).toContain('images.example');
  });
});

describe('an image fetcher with little memory', () => {
  const large = Buffer.alloc(900, 1);

  it('is busy while other images are kept, and works again when they are released', async () => {
    const { fetch } = await scene(sends(200, image, large), undefined, { maxTotalBytes: 2000 });
    const kept: (() => void)[] = [];
    const keep = (giveBack: () => void): void => void kept.push(giveBack);
    expect(await fetch(undefined, keep)).toMatchObject({ kind: 'image' });
    expect(await fetch(undefined, keep)).toMatchObject({ kind: 'image' });
    expect(await fetch(undefined, keep)).toEqual({ kind: 'busy' });
    for (const giveBack of kept) {
      giveBack();
      giveBack();
    }
    expect(await fetch()).toMatchObject({ kind: 'image' });
  });

  it.each<[string, Answer]>([
    ['fetched', sends(200, image, large)],
    ['refused', sends(404, image, large)],
    [
      'broken off',
      (_request, response) =>
        response.writeHead(200, { ...image, 'content-length': '900' }).write(png, () => response.destroy()),
    ],
  ])('counts images without onKeep only during their fetch: %s', async (_what, answer) => {
    const { fetch } = await scene(answer, undefined, { maxTotalBytes: 1000 });
    for (let image = 0; image < 5; image++) expect(await fetch()).not.toEqual({ kind: 'busy' });
  });

  it('counts an image of unknown size with the maximum size', async () => {
    const { fetch } = await scene(sends(200, { ...image, 'transfer-encoding': 'chunked' }, png), undefined, {
      maxTotalBytes: 999,
    });
    expect(await fetch()).toEqual({ kind: 'busy' });
  });
});

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])('accepts %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '64:ff9b:1::a00:1',
    '::a00:1',
    'fec0::1',
    '3fff::1',
    '198.18.0.1',
    'x',
  ])('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
