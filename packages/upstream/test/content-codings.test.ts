import { randomBytes } from 'node:crypto';
import type { Transform } from 'node:stream';
import {
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createDeflate,
  createDeflateRaw,
  createGzip,
  createZstdCompress,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { until } from '@sluice/testkit';
import { describe, expect, it } from 'vitest';
import { answerOf, ask, chunkOf, createClient, headOf, lastChunk, rawServer, requestTo } from './scene.ts';

const text = `{"content":"grüße 终端 🙂","filler":"${'lorem ipsum '.repeat(3000)}"}`;

const codings: readonly (readonly [name: string, header: string, encode: (body: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', gzipSync],
  ['gzip by its old name', 'x-gzip', gzipSync],
  ['gzip in capitals', 'GZip', gzipSync],
  [
    'gzip of several members',
    'gzip',
    (body) => Buffer.concat([gzipSync(body.subarray(0, 99)), gzipSync(body.subarray(99))]),
  ],
  ['brotli', 'br', brotliCompressSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['zstd', 'zstd', zstdCompressSync],
  [
    'zstd of several frames',
    'zstd',
    (body) => Buffer.concat([zstdCompressSync(body.subarray(0, 99)), zstdCompressSync(body.subarray(99))]),
  ],
  ['nothing', 'identity', (body) => body],
  ['a charset', 'UTF-8', (body) => body],
  ['two codings', 'gzip, br', (body) => brotliCompressSync(gzipSync(body))],
  ['three codings', 'identity, deflate ,zstd,  x-gzip', (body) => gzipSync(zstdCompressSync(deflateSync(body)))],
  ['gzip that is not', 'gzip', (body) => body],
  ['zstd that is not', 'zstd', (body) => body],
];

describe('an answer with an unrequested compression', () => {
  it.each(codings)('is read: %s', async (_name, coding, encode) => {
    const encoded = encode(Buffer.from(text));
    const url = await rawServer(({ socket }) => socket.write(answerOf(encoded, { 'Content-Encoding': coding })));
    const { text: read, failure } = await ask(url);
    expect(failure).toBeUndefined();
    expect(read).toBe(text);
  });

  it.each(codings)('is read in pieces of three bytes: %s', async (_name, coding, encode) => {
    const encoded = encode(Buffer.from(text.slice(0, 400)));
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ 'content-encoding': coding, 'transfer-encoding': 'chunked' }));
      for (let at = 0; at < encoded.length; at += 3) socket.write(chunkOf(encoded.subarray(at, at + 3)));
      socket.write(lastChunk);
    });
    expect(await ask(url)).toMatchObject({ text: text.slice(0, 400), failure: undefined });
  });

  it('is read with a transfer coding', async () => {
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ 'transfer-encoding': 'gzip, chunked' }));
      socket.write(Buffer.concat([chunkOf(gzipSync(text)), lastChunk]));
    });
    expect(await ask(url)).toMatchObject({ text, failure: undefined });
  });

  it.each([200, 204])('is read when it is empty: %i', async (status) => {
    const url = await rawServer(({ socket }) =>
      socket.write(
        headOf({ 'content-encoding': 'gzip', ...(status === 200 ? { 'content-length': '0' } : {}) }, status),
      ),
    );
    expect(await ask(url)).toMatchObject({ text: '', failure: undefined, head: { status } });
  });

  it('leaves its connection usable for the next call', async () => {
    const connections = new Set<number>();
    const url = await rawServer(({ socket, connection }) => {
      connections.add(connection);
      socket.write(answerOf(gzipSync('hello'), { 'content-encoding': 'gzip' }));
    });
    const client = createClient();
    for (let call = 0; call < 3; call++) {
      expect(await ask(url, { client })).toMatchObject({ text: 'hello', failure: undefined });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connections.size).toBe(1);
  });
});

const flush = constants.BROTLI_OPERATION_FLUSH;
const encoders: readonly (readonly [string, () => Transform])[] = [
  ['gzip', () => createGzip({ flush: constants.Z_SYNC_FLUSH })],
  ['deflate', () => createDeflate({ flush: constants.Z_SYNC_FLUSH })],
  ['deflate', () => createDeflateRaw({ flush: constants.Z_SYNC_FLUSH })],
  ['br', () => createBrotliCompress({ flush })],
  ['zstd', () => createZstdCompress({ flush: constants.ZSTD_e_flush })],
];

describe('a compressed stream', () => {
  it.each(encoders)('passes on each event as soon as it is sent: %s', async (coding, createEncoder) => {
    const events = Array.from({ length: 20 }, (_, at) => `data: {"at":${at},"text":"grüße"}\n\n`);
    const encoder = createEncoder();
    let sendNext: () => Promise<void> = () => Promise.resolve();
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ 'content-encoding': coding, 'transfer-encoding': 'chunked' }));
      encoder.on('data', (piece: Buffer) => socket.write(chunkOf(piece)));
      encoder.on('end', () => socket.write(lastChunk));
      const waiting = events.values();
      sendNext = async () => {
        const { value, done } = waiting.next();
        if (done === true) encoder.end();
        else encoder.write(value);
      };
      void sendNext();
    });
    // The next event is created only after the previous one was read.
    const { pieces, failure } = await ask(url, { onText: () => void sendNext() });
    expect(failure).toBeUndefined();
    expect(pieces).toEqual(events);
  });

  it.each(['gzip', 'br', 'zstd'] as const)(
    'slows its provider down while it is paused: %s',
    async (coding) => {
      const encoder = {
        gzip: createGzip(),
        br: createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
        zstd: createZstdCompress(),
      }[coding];
      // Larger than the buffers of two sockets, and hardly compressible.
      const total = 32_000_000;
      let made = 0;
      let written = 0;
      const url = await rawServer(({ socket }) => {
        socket.write(headOf({ 'content-encoding': coding, connection: 'close' }));
        encoder.on('data', (piece: Buffer) => (written += piece.length));
        encoder.pipe(socket);
        const more = (): void => {
          while (made < total) {
            const piece = randomBytes(12_000).toString('base64');
            made += piece.length;
            if (!encoder.write(piece)) return void encoder.once('drain', more);
          }
          encoder.end();
        };
        more();
      });
      let isPaused = false;
      let pausedAt = 0;
      const { text: read, failure } = await ask(url, {
        onText(_text, call) {
          if (isPaused) return;
          isPaused = true;
          call.pause();
          let before = -1;
          const resume = async (): Promise<void> => {
            await until(() => written === before || void (before = written), {
              what: 'the provider to stop',
              intervalMs: 100,
            });
            pausedAt = made;
            call.resume();
          };
          void resume();
        },
      });
      expect(failure).toBeUndefined();
      expect(pausedAt).toBeLessThan(total);
      expect(read.length).toBe(made);
    },
    30_000,
  );
});

describe('an invalid compressed answer', () => {
  it.each(['compress', 'gzip, frob', 'gzip, gzip, gzip, gzip'])(
    'is reported with its unknown coding: %s',
    async (coding) => {
      const url = await rawServer(({ socket }) => socket.write(answerOf('abc', { 'content-encoding': coding })));
      const { failure } = await ask(url);
      expect(failure?.kind).toBe('malformed');
      expect(failure?.message).toContain(coding.split(', ').length > 2 ? coding : (coding.split(', ').at(-1) ?? ''));
    },
  );

  it.each(['gzip', 'deflate', 'br', 'zstd'] as const)(
    'is never complete if it is cut at any byte: %s',
    async (coding) => {
      const encode = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }[coding];
      const encoded = encode('{"content":"a short answer"}');
      const url = await rawServer(({ socket, request, connection }) => {
        const cut = connection + request + 1;
        socket.write(answerOf(encoded.subarray(0, cut), { 'content-encoding': coding }));
      });
      const client = createClient({ maxConnections: 1 });
      for (let cut = 1; cut < encoded.length; cut++) {
        const { failure, isCut } = await ask(url, { client });
        expect([cut, failure?.kind, isCut]).toEqual([cut, 'truncated', true]);
      }
    },
  );

  it.each(['gzip', 'br', 'zstd'] as const)('passes on everything before its connection broke: %s', async (coding) => {
    const encoder = { gzip: createGzip(), br: createBrotliCompress(), zstd: createZstdCompress() }[coding];
    encoder.write('data: one\n\ndata: two\n\n');
    const encoded = await new Promise<Buffer>((resolve) => {
      encoder.flush(() => resolve(encoder.read() as Buffer));
    });
    const url = await rawServer(({ socket }) => {
      socket.write(headOf({ 'content-encoding': coding, 'transfer-encoding': 'chunked' }));
      socket.end(chunkOf(encoded));
    });
    expect(await ask(url)).toMatchObject({
      text: 'data: one\n\ndata: two\n\n',
      failure: { kind: 'network' },
      isCut: true,
    });
  });

  it.each([
    ['gzip', () => corrupt(gzipSync(text))],
    ['deflate', () => corrupt(deflateSync(text))],
    ['br', () => corrupt(brotliCompressSync(text))],
    ['zstd', () => corrupt(zstdCompressSync(text))],
    ['br', () => Buffer.from(text)],
  ])('is malformed if its bytes are invalid: %s', async (coding, encode) => {
    const url = await rawServer(({ socket }) => socket.write(answerOf(encode(), { 'content-encoding': coding })));
    expect((await ask(url)).failure?.kind).toBe('malformed');
  });

  it.each([
    [
      'br',
      () => brotliCompressSync(Buffer.alloc(60_000_000, ' '), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }),
    ],
    ['zstd', () => zstdCompressSync(Buffer.alloc(60_000_000, ' '))],
    ['gzip, gzip', () => gzipSync(gzipSync(Buffer.alloc(60_000_000, ' ')))],
  ])(
    'is malformed if few bytes become very many, without blocking the event loop: %s',
    async (coding, encode) => {
      const bomb = encode();
      const url = await rawServer(({ socket }) => socket.write(answerOf(bomb, { 'content-encoding': coding })));
      let characters = 0;
      let inThisTurn = 0;
      let mostInOneTurn = 0;
      const outcome = Promise.withResolvers<string | undefined>();
      createClient().call(requestTo(url), {
        onHead: () => undefined,
        onText(piece) {
          if (inThisTurn === 0) setImmediate(() => (inThisTurn = 0));
          characters += piece.length;
          inThisTurn += piece.length;
          mostInOneTurn = Math.max(mostInOneTurn, inThisTurn);
        },
        onEnd: () => outcome.resolve(undefined),
        onFailure: ({ kind }) => outcome.resolve(kind),
      });
      expect(await outcome.promise).toBe('malformed');
      expect(characters).toBeLessThan(18_000_000 + 1000 * bomb.length);
      expect(characters).toBeLessThan(100_000_000);
      expect(mostInOneTurn).toBeLessThan(256 * 1024);
    },
    30_000,
  );

  it('stops inflating when its call is aborted', async () => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    const url = await rawServer(({ socket }) => socket.write(answerOf(bomb, { 'content-encoding': 'gzip' })));
    let characters = 0;
    const aborted = Promise.withResolvers<void>();
    void ask(url, {
      onText(piece, call) {
        characters += piece.length;
        call.abort();
        aborted.resolve();
      },
    });
    await aborted.promise;
    expect(await ask(url).then(({ text: whole }) => whole.length)).toBe(10_000_000);
    expect(characters).toBeLessThan(100_000);
  });
});

function corrupt(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let at = 40; at < copy.length; at++) copy[at] = ~(copy[at] ?? 0) & 0xff;
  return copy;
}
