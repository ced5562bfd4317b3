import { describe, expect, test } from 'vitest';
import { readableLine } from '../src/log-line.ts';

const at = new Date(2026, 0, 2, 3, 4, 5);

describe('a line of a service log', () => {
  test('becomes time, service, level, message and fields', () => {
    const line = JSON.stringify({
      level: 'info',
      time: at.toISOString(),
      service: 'sluice-ingress',
      msg: 'request',
      status: 200,
      model: 'demo',
    });
    expect(readableLine('ingress', line)).toEqual({
      text: '03:04:05 ingress info request status=200 model=demo',
      isUrgent: false,
    });
  });

  test.each([
    ['warn', true],
    ['error', true],
    ['fatal', true],
    ['info', false],
    ['debug', false],
  ])('of level %s has urgency %s', (level, isUrgent) => {
    expect(readableLine('worker', JSON.stringify({ level, msg: 'x' })).isUrgent).toBe(isUrgent);
  });

  test('shows the stack of an error, or else its message', () => {
    const withStack = JSON.stringify({
      level: 'error',
      msg: 'failed',
      err: { message: 'no', stack: 'Error: no\n    at x' },
    });
    expect(readableLine('worker', withStack).text).toBe('worker error failed \nError: no\n    at x');
    const without = JSON.stringify({ level: 'error', msg: 'failed', err: { type: 'Error', message: 'no' } });
    expect(readableLine('worker', without).text).toBe('worker error failed no');
  });
});

test.each(['    at file.js:1:1', '{"cut', '[1]', ''])('passes on %j, which is no log line, as urgent', (line) => {
  expect(readableLine('worker', line)).toEqual({ text: `worker: ${line}`, isUrgent: true });
});
