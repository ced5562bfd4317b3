import type { UpstreamEvent } from '@sluice/protocol';
import { createEventReader } from '@sluice/providers';
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

/** Decodes and feeds byte pieces like the upstream client. */
function read(pieces: readonly Uint8Array[]): { data: string }[] {
  const events: { data: string }[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: ({ data }) => events.push({ data }) });
  for (const piece of pieces) expect(reader.feed(decoder.decode(piece, { stream: true }))).toBe(true);
  return events;
}

describe('a reader of server-sent events', () => {
  const bytes = new TextEncoder().encode(stream);

  it('returns the same events for every split of the stream in two', () => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
  });

  it('returns the same events for every split', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const borders = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        expect(read(borders.slice(1).map((end, at) => bytes.subarray(borders[at], end)))).toEqual(expected);
      }),
    );
  });

  it('ignores an unfinished event', () => {
    expect(read([new TextEncoder().encode('data: whole\n\ndata: {"half":')])).toEqual([{ data: 'whole' }]);
  });

  it.each(['[DONE]', '{"a":"]}\\""}', '[1]'])(
    'accepts the last event without its blank line if it is whole: %s',
    (data) => {
      for (const ending of ['', '\n', '\r', '\r\n']) {
        const events: UpstreamEvent[] = [];
        const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: (event) => events.push(event) });
        reader.feed(`data: {"b":2}\n\nevent: last\ndata: ${data}${ending}`);
        reader.end();
        expect(events).toMatchObject([{ data: '{"b":2}' }, { event: 'last', data }]);
      }
    },
  );

  it('treats JSON on a line without a field name as an event, whole or not, and no other such line', () => {
    const text = 'data: 1\n\n{"a":"x: y"}\n\ntext {"b":1}\n\n  {"broken\r\n\ndata: {"c":\ndata: 2}\n\n{"d":3}\n';
    const bare = new TextEncoder().encode(text);
    const found = [
      { data: '1' },
      { data: '{"a":"x: y"}' },
      { data: '{"broken' },
      { data: '{"c":\n2}' },
      { data: '{"d":3}' },
    ];
    for (let cut = 0; cut <= bare.length; cut++) {
      expect(read([bare.subarray(0, cut), bare.subarray(cut)])).toEqual(found);
    }
    expect(read([...bare].map((byte) => Uint8Array.of(byte)))).toEqual(found);
  });

  it.each<[string, readonly string[]]>([
    ['{"a":1}', ['{"a":1}']],
    ['{"a":1', []],
  ])('accepts such JSON at the very end if it is whole: %s', (line, expected) => {
    const events: string[] = [];
    const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: (event) => events.push(event.data) });
    reader.feed(line);
    reader.end();
    expect(events).toEqual(expected);
  });

  it.each(['{"a":', '{"a":"}', '[DON', '12', 'text', '{"a":1}}'])(
    'ignores the last event if it is not whole: %s',
    (data) => {
      const events: string[] = [];
      const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: (event) => events.push(event.data) });
      reader.feed(`data: {"b":2}\n\ndata: ${data}`);
      reader.end();
      expect(events).toEqual(['{"b":2}']);
    },
  );

  it('stops exactly at an event that is too large', () => {
    let events = 0;
    const reader = createEventReader('sse', { maxEventLength: 1000, onEvent: () => events++ });
    expect(reader.feed(`data: ${'x'.repeat(900)}\n\n`)).toBe(true);
    expect(reader.feed(`data: ${'x'.repeat(600)}`)).toBe(true);
    expect(reader.feed('x'.repeat(600))).toBe(false);
    expect(reader.feed('\n\ndata: late\n\n')).toBe(false);
    expect(events).toBe(1);
  });
});

describe('a reader of server-sent events that may be unterminated', () => {
  const error = '{\n  "error": {\n    "code": 499\n  }\n}';
  it.each<[string, string, readonly string[]]>([
    ['whose last event lacks its blank line', 'data: one\n\ndata: two', ['one', 'two']],
    ['that end with a line of JSON', 'data: one\n\n{"error":1}', ['one', '{"error":1}']],
    ['that end with JSON on several lines', `data: one\n\n${error}\n`, ['one', error]],
    ['that end with JSON on several lines and a blank one', `data: one\n\n${error}\n\n`, ['one', error]],
    ['with JSON between events, which is ignored', `data: one\n\n${error}\n\ndata: two\n\n`, ['one', 'two']],
  ])('reads events %s, for every split', (_which, text, wanted) => {
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

const streams = {
  sse: ': hi\n\nevent: a\ndata: {"a":"]}终端\\"🙂"}\n\ndata: {"b":\ndata: [1,{"c":2}]}\r\n\r\ndata:{"d":3}\n\ndata: [DONE]\n\n',
  'sse-unterminated': 'event: a\ndata: {"a":"]}终端"}\n\ndata: {"b":[1,{"c":2}]}\n\ndata: [DONE]\n\n',
  'sse-lines': 'id:1\nevent:r\n:HTTP_STATUS/200\ndata:{"a":"]}终端"}\n\nid:2\ndata:{"b":[1,{"c":2}]}\n\n',
  ndjson: '{"a":"]}终端"}\n\n{"b":[1,{"c":2}]}\r\n{"d":3}\n',
} as const;

describe.each(['sse', 'sse-unterminated', 'sse-lines', 'ndjson'] as const)('a stream of %s', (framing) => {
  const readAll = (bytes: Uint8Array, cut = bytes.length): string[] => {
    const events: string[] = [];
    const onEvent = ({ data }: UpstreamEvent): number => events.push(data);
    const reader = createEventReader(framing, { maxEventLength: 1000, onEvent });
    const decoder = new TextDecoder();
    expect(reader.feed(decoder.decode(bytes.subarray(0, cut), { stream: true }))).toBe(true);
    expect(reader.feed(decoder.decode(bytes.subarray(cut), { stream: true }))).toBe(true);
    reader.end();
    return events;
  };

  it('that ends at any byte gives only whole events', () => {
    const bytes = new TextEncoder().encode(streams[framing]);
    const all = readAll(bytes);
    for (let end = 0; end <= bytes.length; end++) {
      const events = readAll(bytes.subarray(0, end), Math.floor(end / 2));
      expect([end, events]).toEqual([end, all.slice(0, events.length)]);
    }
  });

  it('gives its last event without a terminator', () => {
    const text = streams[framing].trimEnd();
    const bytes = new TextEncoder().encode(text);
    const all = readAll(new TextEncoder().encode(streams[framing]));
    for (let cut = 0; cut <= bytes.length; cut++) expect([cut, readAll(bytes, cut)]).toEqual([cut, all]);
  });
});

describe('a reader of any framing', () => {
  it.each(['sse', 'sse-unterminated', 'sse-lines', 'ndjson'] as const)(
    'reads one long event in many pieces in linear time: %s',
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
