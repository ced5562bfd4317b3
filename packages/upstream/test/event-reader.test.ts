import type { UpstreamEvent } from '@sluice/protocol';
import { createEventReader } from '@sluice/upstream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const stream =
  ': comment\r\n\r\ndata: {"a":"终端🙂"}\n\nevent: error\r\ndata: one\r\ndata: two\r\n\r\ndata:no space\r\rid: 7\ndata: [DONE]\n\n';
const expected: Pick<UpstreamEvent, 'data'>[] = [
  { data: '{"a":"终端🙂"}' },
  { data: 'one\ntwo' },
  { data: 'no space' },
  { data: '[DONE]' },
];

/** Decodes and feeds byte pieces as the upstream client does. */
function read(pieces: readonly Uint8Array[]): { data: string }[] {
  const events: { data: string }[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: ({ data }) => events.push({ data }) });
  for (const piece of pieces) expect(reader.feed(decoder.decode(piece, { stream: true }))).toBe(true);
  return events;
}

describe('a reader of server-sent events', () => {
  const bytes = new TextEncoder().encode(stream);

  it('gives the same events wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
  });

  it('gives the same events however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const borders = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        expect(read(borders.slice(1).map((end, at) => bytes.subarray(borders[at], end)))).toEqual(expected);
      }),
    );
  });

  it('does not take an unfinished event for an event', () => {
    expect(read([new TextEncoder().encode('data: whole\n\ndata: {"half":')])).toEqual([{ data: 'whole' }]);
  });

  it('stops at an event that is too large, and not before', () => {
    let events = 0;
    const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: () => events++ });
    expect(reader.feed(`data: ${'x'.repeat(900)}\n\n`)).toBe(true);
    expect(reader.feed(`data: ${'x'.repeat(600)}`)).toBe(true);
    expect(reader.feed('x'.repeat(600))).toBe(false);
    expect(reader.feed('\n\ndata: late\n\n')).toBe(false);
    expect(events).toBe(1);
  });
});

describe('a reader of server-sent events that may lack their end', () => {
  const error = '{\n  "error": {\n    "code": 499\n  }\n}';
  it.each<[string, string, readonly string[]]>([
    ['whose last event lacks its blank line', 'data: one\n\ndata: two', ['one', 'two']],
    ['that end with a line of JSON', 'data: one\n\n{"error":1}', ['one', '{"error":1}']],
    ['that end with JSON on several lines', `data: one\n\n${error}\n`, ['one', error]],
    ['that end with JSON on several lines and a blank one', `data: one\n\n${error}\n\n`, ['one', error]],
    ['with JSON between events, which is nothing', `data: one\n\n${error}\n\ndata: two\n\n`, ['one', 'two']],
  ])('reads those %s, wherever they are cut', (_which, text, wanted) => {
    for (let cut = 0; cut <= text.length; cut++) {
      const events: string[] = [];
      const onEvent = ({ data }: UpstreamEvent): number => events.push(data);
      const reader = createEventReader('sse-unterminated', { maxEventLength: 1000, onEvent });
      expect([text.slice(0, cut), text.slice(cut)].every((piece) => reader.feed(piece))).toBe(true);
      reader.end();
      expect(events).toEqual(wanted);
    }
  });

  it('stops at bare JSON that is too large', () => {
    const reader = createEventReader('sse-unterminated', { maxEventLength: 1000, onEvent: () => undefined });
    expect(reader.feed(`{\n${'"x",\n'.repeat(300)}`)).toBe(false);
  });
});

describe('a reader of any framing', () => {
  it.each(['sse', 'sse-unterminated', 'sse-lines', 'ndjson'] as const)(
    'reads one long event in many pieces in no more time than its length takes: %s',
    { timeout: 1000 },
    (framing) => {
      const lengths: number[] = [];
      const onEvent = ({ data }: UpstreamEvent): number => lengths.push(data.length);
      const reader = createEventReader(framing, { maxEventLength: 8_000_000, onEvent });
      const piece = 'x'.repeat(500);
      if (framing !== 'ndjson') reader.feed('data: ');
      for (let fed = 0; fed < 8000; fed++) expect(reader.feed(piece)).toBe(true);
      reader.feed('\n\n');
      expect(lengths).toEqual([4_000_000]);
    },
  );
});
