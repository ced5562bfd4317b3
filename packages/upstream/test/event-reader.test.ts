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
