import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Coding } from '../../src/coding/content-codings.ts';
import { openPieceInflater, type PieceInflater } from '../../src/coding/piece-inflater.ts';

const text = 'grüße 终端 🙂'.repeat(100);
const encoders: readonly [name: string, coding: Coding, encode: (text: string) => Buffer][] = [
  ['gzip', 'gzip', gzipSync],
  ['deflate', 'deflate', deflateSync],
  ['deflate without its header', 'deflate', deflateRawSync],
  ['brotli', 'br', brotliCompressSync],
  ['zstd', 'zstd', zstdCompressSync],
];

interface Opened {
  readonly inflater: PieceInflater;
  /** Callbacks other than `onOutput`, in order. */
  readonly events: (readonly [name: string, value: unknown])[];
  output(): string;
  /** Writes a piece and waits until it has been used. */
  use(piece: Uint8Array): Promise<void>;
  /** Fulfilled at the end of the data, or at an error. */
  readonly over: Promise<void>;
}

function open(coding: Coding, first: number): Opened {
  const events: (readonly [string, unknown])[] = [];
  const output: Uint8Array[] = [];
  const over = Promise.withResolvers<void>();
  let used = Promise.withResolvers<void>();
  const inflater = openPieceInflater({
    coding,
    first,
    onOutput: (piece) => output.push(piece),
    onUsed(bytes) {
      events.push(['used', bytes]);
      used.resolve();
    },
    onOver(rest) {
      events.push(['over', rest === undefined ? undefined : Buffer.from(rest).toString()]);
      over.resolve();
    },
    onError(error) {
      events.push(['error', error]);
      over.resolve();
    },
  });
  if (inflater === undefined) throw new Error('the data is not encoded');
  return {
    inflater,
    events,
    output: () => Buffer.concat(output).toString(),
    use(piece) {
      used = Promise.withResolvers();
      inflater.write(piece);
      return used.promise;
    },
    over: over.promise,
  };
}

describe.each(encoders)('an inflater of %s', (_name, coding, encode) => {
  const data = encode(text);
  const first = data[0] ?? 0;

  it('reports the length of each piece when it has been used', async () => {
    const { inflater, events, use, output } = open(coding, first);
    const [start, end] = [data.subarray(0, 7), data.subarray(7)];
    expect(inflater.isBusy()).toBe(false);
    const used = use(start);
    expect([inflater.isBusy(), events]).toEqual([true, []]);
    await used;
    expect(inflater.isBusy()).toBe(false);
    await use(end);
    expect(events.filter(([name]) => name === 'used')).toEqual([
      ['used', start.length],
      ['used', end.length],
    ]);
    expect(output()).toBe(text);
    inflater.destroy();
  });

  it('ends without a rest between two pieces', async () => {
    const { inflater, events, use, over } = open(coding, first);
    await use(data);
    inflater.end();
    await over;
    expect(events.filter(([name]) => name === 'over')).toEqual([['over', undefined]]);
  });
});

describe('an inflater', () => {
  it('gives the bytes after the end of its data, before the piece counts as used', async () => {
    const data = zstdCompressSync(text);
    const { inflater, events, use, output } = open('zstd', data[0] ?? 0);
    const [start, end] = [data.subarray(0, 7), Buffer.concat([data.subarray(7), Buffer.from('rest')])];
    await use(start);
    await use(end);
    expect(events).toEqual([
      ['used', start.length],
      ['over', 'rest'],
      ['used', end.length],
    ]);
    expect([output(), inflater.isBusy()]).toEqual([text, false]);
  });

  it('reports data that it cannot read', async () => {
    const { inflater, events, over } = open('gzip', 0x1f);
    inflater.write(Buffer.from([0x1f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]));
    await over;
    expect(events).toContainEqual(['error', expect.objectContaining({ code: 'Z_DATA_ERROR' })]);
  });

  it('reports data that breaks off', async () => {
    const { inflater, events, use, over } = open('gzip', 0x1f);
    await use(gzipSync(text).subarray(0, -9));
    inflater.end();
    await over;
    expect(events).toContainEqual(['error', expect.objectContaining({ code: 'Z_BUF_ERROR' })]);
  });

  it('keeps its output while it is paused', async () => {
    const { inflater, use, output, over } = open('gzip', 0x1f);
    inflater.pause();
    await use(gzipSync(text));
    expect([inflater.hasOutput(), output()]).toEqual([true, '']);
    inflater.end();
    inflater.resume();
    await over;
    expect([inflater.hasOutput(), output()]).toEqual([false, text]);
  });

  it.each<[coding: Coding, first: string]>([
    ['gzip', '{'],
    ['zstd', '{'],
  ])('of %s is not opened for data that begins with %j', (coding, first) => {
    const nothing = (): void => undefined;
    const needs = { coding, first: first.charCodeAt(0), onOutput: nothing, onUsed: nothing };
    expect(openPieceInflater({ ...needs, onOver: nothing, onError: nothing })).toBeUndefined();
  });
});
