import type { Framing } from '@sluice/protocol';
import { describe, expect, it } from 'vitest';
import { decideReading, type Reading, withoutTerminator } from '../../src/framing/detect-framing.ts';

interface Case {
  readonly own?: Framing;
  readonly asksStream?: boolean;
  readonly type?: string;
  readonly isEnd?: boolean;
}

const read = (text: string, { own = 'sse', asksStream = true, type, isEnd = false }: Case = {}): string => {
  const reading: Reading | undefined = decideReading({ own, asksStream, contentType: type }, text, isEnd);
  if (reading === undefined) return 'undecided';
  return reading.kind === 'stream' ? reading.framing : 'whole';
};

const types = ['text/event-stream', 'Text/Event-Stream;charset=UTF-8', 'application/json', 'text/plain; charset=utf-8'];
const beginnings = [
  'data: {}\n\n',
  'data:{}',
  'event: x\n',
  ': ping\n\n',
  ':\n',
  'id: 1\n',
  'retry: 5\n',
  '\uFEFFdata: x',
  '\r\n\n data: x',
];

describe('an answer', () => {
  it.each(types.flatMap((type) => beginnings.map((text) => [JSON.stringify(text), type, text] as const)))(
    'that begins with %s under %s is a stream, whatever was asked for',
    (_shown, type, text) => {
      for (const own of ['sse', 'sse-lines', 'sse-unterminated'] as const) {
        expect(read(text, { own, type })).toBe(own);
        expect(read(text, { own, type, asksStream: false })).toBe(own);
      }
      expect(read(text, { own: 'ndjson', type })).toBe('sse');
    },
  );

  it.each(types)('of JSON under %s is whole, whatever was asked for', (type) => {
    expect(read('{"id":', { type })).toBe('whole');
    expect(read(' \n{"id":', { type, asksStream: false })).toBe('whole');
  });

  it.each(['', '\n', '\uFEFF', 'd', 'data', 'event', 'ret'])('that begins with %j is not known yet', (text) => {
    expect(read(text, { type: 'application/json' })).toBe('undecided');
  });

  it.each([
    ['an event stream', 'text/event-stream', 'sse'],
    ['no type', undefined, 'sse'],
    ['JSON', 'application/json', 'whole'],
  ])('without a byte is what its type says: %s', (_what, type, expected) => {
    expect(read('', type === undefined ? { isEnd: true } : { type, isEnd: true })).toBe(expected);
  });

  it('keeps bare JSON as an event if its provider sends such events', () => {
    expect(read('{"code":', { own: 'sse-unterminated', type: 'text/event-stream' })).toBe('sse-unterminated');
    expect(read('{"code":', { own: 'sse-unterminated', type: 'application/json' })).toBe('whole');
  });

  it('that is a page is whole', () => {
    expect(read('<html>', { type: 'text/html' })).toBe('whole');
  });
});

describe('JSON lines', () => {
  const one = '{"done":false}\n';
  it.each(['application/x-ndjson', 'Application/X-NDJSON'])('are known by their type: %s', (type) => {
    expect(read('{"do', { own: 'ndjson', type })).toBe('ndjson');
  });

  it.each(['application/json', 'text/plain', undefined])('are known by their lines under %s', (type) => {
    const over = { own: 'ndjson' as const, ...(type === undefined ? {} : { type }) };
    expect(read(one, { ...over, type: type ?? 'x/y' })).toBe('ndjson');
    expect(read(one + one, { ...over, asksStream: false })).toBe('ndjson');
    expect(read('{"a":1}', { ...over, type: 'application/json', isEnd: true })).toBe('whole');
    expect(read('{\n  "a": 1', { ...over, type: 'application/json' })).toBe('whole');
  });

  it('may still be a whole answer if no stream was requested', () => {
    expect(read(one, { own: 'ndjson', asksStream: false, type: 'application/json' })).toBe('undecided');
    expect(read(one, { own: 'ndjson', asksStream: false, type: 'application/json', isEnd: true })).toBe('whole');
  });

  it('are recognised at the end of the body when another provider sends them', () => {
    expect(read(one + one, { type: 'application/json', isEnd: true })).toBe('ndjson');
  });
});

describe('a whole answer', () => {
  const json = '{"a":"[DONE]","b":[1]}';
  it.each(['', '\n', ' \r\n ', '\n\n[DONE]', '\ndata: [DONE]\n\n', '[DONE]', '\0', ';', '\u001A'])(
    'is read without what stands behind it: %j',
    (end) => {
      expect(withoutTerminator(json + end)).toBe(json);
      expect(withoutTerminator(`\uFEFF${json}${end}`)).toBe(json);
    },
  );

  it('is unchanged if nothing is around it', () => {
    expect(withoutTerminator(json)).toBe(json);
    expect(withoutTerminator('[DONE]')).toBe('[DONE]');
    expect(withoutTerminator('')).toBe('');
  });
});
