import { expect, test } from 'vitest';
import { parseSse } from '../../src/clients/parse-sse.ts';

const message = (data: string, id = ''): object => ({ id, type: 'message', data });

test('reads events with any of the three line ends', () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = ['data: {"a":1}', '', 'data: [DONE]', '', ''].join(end);
    expect(parseSse(text).events).toEqual([message('{"a":1}'), message('[DONE]')]);
  }
});

test('joins the data lines of an event', () => {
  expect(parseSse('data: a\ndata:b\ndata:  c\ndata\n\n').events).toEqual([message('a\nb\n c\n')]);
});

test('keeps the id for the events that follow, and the type for one', () => {
  expect(parseSse('id: 5\nevent: ping\ndata: 1\n\ndata: 2\n\n').events).toEqual([
    { id: '5', type: 'ping', data: '1' },
    message('2', '5'),
  ]);
});

test('returns no event for a block without data', () => {
  expect(parseSse('event: ping\nid: 1\n\n: ping\n\nretry: 3000\n\n')).toEqual({
    events: [],
    comments: [' ping'],
    retries: ['3000'],
    rest: '',
  });
});

test('finds comments inside an event without breaking it', () => {
  expect(parseSse('data: a\n: ping\n: again\ndata: b\n\n')).toMatchObject({
    events: [message('a\nb')],
    comments: [' ping', ' again'],
  });
});

test.each([
  ['data: [DONE]\n\ndata: {"a":', 'data: {"a":'],
  ['data: 1\n\nevent: x\ndata: 2\n', 'event: x\ndata: 2\n'],
  ['data: 1\n\n: ping\n', ''],
  ['data: 1\n\n', ''],
])('returns the unfinished part of %j', (text, rest) => {
  expect(parseSse(text).rest).toBe(rest);
});

test('ignores a byte order mark and unknown fields', () => {
  expect(parseSse('\uFEFFdata: 1\nfoo: bar\n\n').events).toEqual([message('1')]);
});
