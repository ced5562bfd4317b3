import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, chunkOf, createClient, headOf, rawServer } from './scene.ts';

const json = '{"error":{"message":"请求过于频繁","code":"1302"}}';
const limited = { 'retry-after': '2' };
/** 请求 in GBK. */
const gbk = Buffer.concat([Buffer.from('{"message":"'), Buffer.from([0xc7, 0xeb, 0xc7, 0xf3]), Buffer.from('"}')]);

function corruptSum(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 6] = ~(copy[copy.length - 6] ?? 0) & 0xff;
  return copy;
}

describe('the body of an error', () => {
  it.each<[string, Buffer, Record<string, string>, string]>([
    ['gzip', gzipSync(json), { 'content-encoding': 'gzip' }, json],
    ['brotli', brotliCompressSync(json), { 'content-encoding': 'br' }, json],
    ['zstd', zstdCompressSync(json), { 'content-encoding': 'ZSTD' }, json],
    ['truncated gzip', gzipSync(json).subarray(0, -8), { 'content-encoding': 'gzip' }, json],
    ['gzip with a wrong checksum', corruptSum(gzipSync(json)), { 'content-encoding': 'gzip' }, json],
    ['gzip that is not', Buffer.from(json), { 'content-encoding': 'gzip' }, json],
    ['brotli that is not', Buffer.from(json), { 'content-encoding': 'br' }, json],
    ['an unknown coding', Buffer.from(json), { 'content-encoding': 'frob' }, json],
    ['bytes in an unknown coding', Buffer.from([0, 1, 2, 0xff]), { 'content-encoding': 'frob' }, ''],
    ['GBK', gbk, { 'content-type': 'application/json; charset=GBK' }, '{"message":"请求"}'],
    [
      'GBK, compressed',
      gzipSync(gbk),
      { 'content-type': 'text/html;charset="gb2312"', 'content-encoding': 'gzip' },
      '{"message":"请求"}',
    ],
    ['undeclared GBK', gbk, {}, '{"message":"����"}'],
    ['an unknown charset', Buffer.from(json), { 'content-type': 'text/plain; charset=klingon' }, json],
    ['half a character', Buffer.from('abc€').subarray(0, -1), {}, 'abc�'],
  ])('is read as far as possible: %s', async (_what, body, headers, text) => {
    const url = await rawServer(({ socket }) => socket.write(answerOf(body, { ...limited, ...headers }, 429)));
    const { head, text: read, failure } = await ask(url);
    expect({ status: head?.status, after: head?.headers['retry-after'] }).toEqual({ status: 429, after: '2' });
    expect(failure).toBeUndefined();
    expect(read).toBe(text);
  });

  it.each<[string, string, Record<string, string>]>([
    ['plain', json, {}],
    ['compressed', '', { 'content-encoding': 'gzip' }],
  ])('ends when its connection breaks: %s', async (_what, text, headers) => {
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ ...headers, 'content-length': '1000' }, 503));
      socket.end(text);
    });
    expect(await ask(url)).toMatchObject({ head: { status: 503 }, text, failure: undefined });
  });

  it.each<[string, Buffer, Record<string, string>, string]>([
    ['plain', Buffer.from(json), {}, json],
    ['compressed', gzipSync(json).subarray(0, -4), { 'content-encoding': 'gzip' }, json],
    ['nothing', Buffer.alloc(0), {}, ''],
  ])('ends after a time limit, together with its connection: %s', async (_what, body, headers, text) => {
    const closed = Promise.withResolvers<void>();
    const url = await rawServer(({ socket }) => {
      socket.once('close', () => closed.resolve());
      socket.write(headOf({ ...headers, 'content-length': '1000' }, 503));
      socket.write(body);
    });
    const client = createClient({ errorBodyMs: 100 });
    expect(await ask(url, { client })).toMatchObject({ head: { status: 503 }, text, failure: undefined });
    await expect(closed.promise).resolves.toBeUndefined();
  });

  it('is inflated up to a limit', async () => {
    const bomb = brotliCompressSync(Buffer.alloc(10_000_000, ' '));
    const url = await rawServer(({ socket }) => socket.write(answerOf(bomb, { 'content-encoding': 'br' }, 500)));
    const { text, failure } = await ask(url);
    expect(failure).toBeUndefined();
    expect(text.length).toBeLessThan(200_000);
  });

  it('is read up to a limit if it is compressed', async () => {
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ 'content-encoding': 'frob', 'transfer-encoding': 'chunked' }, 500));
      const more = (): void => {
        while (!socket.destroyed && socket.write(chunkOf(Buffer.alloc(1000, 'x'))));
        if (!socket.destroyed) socket.once('drain', more);
      };
      more();
    });
    expect(await ask(url)).toMatchObject({ head: { status: 500 }, failure: undefined });
  });
});

describe('the body of an answer', () => {
  it.each<[string, Buffer, string, string]>([
    ['GBK', gbk, 'application/json; charset=gbk', '{"message":"请求"}'],
    ['UTF-16', Buffer.from('{"a":"ü"}', 'utf16le'), 'application/json; charset=utf-16le', '{"a":"ü"}'],
    ['ISO-8859-1', Buffer.from('{"a":"für"}', 'latin1'), 'text/plain; Charset=ISO-8859-1', '{"a":"für"}'],
    [
      'UTF-8 declared as ISO-8859-1',
      Buffer.from('{"a":"für 终端"}'),
      'text/plain; charset=iso-8859-1',
      '{"a":"für 终端"}',
    ],
    ['UTF-8 declared as US-ASCII', Buffer.from('{"a":"für"}'), 'text/plain; charset=us-ascii', '{"a":"für"}'],
    ['an unknown charset', Buffer.from('{"a":"für"}'), 'text/plain; charset=klingon', '{"a":"für"}'],
  ])('is read in its declared charset, for every split: %s', async (_what, body, type, text) => {
    const url = await rawServer(({ socket, request }) => {
      socket.setNoDelay(true);
      const cut = request % body.length;
      socket.write(headOf({ 'content-type': type, 'content-length': String(body.length) }));
      socket.write(body.subarray(0, cut), () => setImmediate(() => socket.write(body.subarray(cut))));
    });
    const client = createClient();
    for (let cut = 0; cut < body.length; cut++) {
      expect([cut, await ask(url, { client })]).toMatchObject([cut, { text, failure: undefined }]);
    }
  });

  it.each([
    ['not UTF-8', gbk, 'application/json'],
    ['not UTF-8 although its headers declare it', gbk, 'application/json; charset=utf-8'],
    ['not GBK', Buffer.from([0x7b, 0xff, 0xff]), 'application/json; charset=gbk'],
  ])('is malformed if it is %s', async (_what, body, type) => {
    const url = await rawServer(({ socket }) => socket.write(answerOf(body, { 'content-type': type })));
    expect((await ask(url)).failure?.kind).toBe('malformed');
  });

  it.each<[string, Record<string, string>, Buffer]>([
    ['has too large a content-length', { 'content-length': '1000' }, Buffer.from('{"a":1}')],
    ['lacks its last chunk', { 'transfer-encoding': 'chunked' }, chunkOf(Buffer.from('{"a":1}'))],
    [
      'lacks its last chunk, on a connection that ends',
      { 'transfer-encoding': 'chunked', connection: 'close' },
      chunkOf(Buffer.from('{"a":1}')),
    ],
  ])('is passed on with a failure if it %s', async (_what, headers, body) => {
    const url = await rawServer(({ socket }) => {
      socket.write(headOf(headers));
      socket.end(body);
    });
    expect(await ask(url)).toMatchObject({ text: '{"a":1}', failure: { kind: 'network' }, isCut: true });
  });

  it('is not marked as cut if it had not started', async () => {
    const url = await rawServer(({ socket }) => socket.end(headOf({ 'content-length': '7' })));
    expect(await ask(url)).toMatchObject({ text: '', failure: { kind: 'network' }, isCut: false });
  });

  it('has a head of a bounded size', async () => {
    const large = await rawServer(({ socket }) => socket.write(answerOf('a', { 'x-large': 'x'.repeat(200_000) })));
    expect((await ask(large)).failure).toEqual({
      kind: 'malformed',
      message: "The head of the provider's answer is too large.",
    });
    const many = await rawServer(({ socket }) => socket.write(answerOf('a', { 'x-large': 'x'.repeat(50_000) })));
    expect(await ask(many)).toMatchObject({ text: 'a', failure: undefined });
  });
});
