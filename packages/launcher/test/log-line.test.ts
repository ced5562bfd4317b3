import { verifies } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { asRecord, readableLine } from '../src/log-line.ts';

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
    expect(readableLine('ingress', line, false)).toEqual({
      text: '03:04:05 ingress info request status=200 model=demo',
      isUrgent: false,
      message: 'request',
    });
  });

  test.each([
    ['warn', true],
    ['error', true],
    ['fatal', true],
    ['info', false],
    ['debug', false],
  ])('of level %s has urgency %s', (level, isUrgent) => {
    expect(readableLine('worker', JSON.stringify({ level, msg: 'x' }), false).isUrgent).toBe(isUrgent);
  });

  test('has its level in colour on a terminal', verifies('003-08'), () => {
    const text = (level: string): string => readableLine('worker', JSON.stringify({ level, msg: 'x' }), true).text;
    expect(text('warn')).toBe('worker \u001B[33mwarn\u001B[39m x');
    expect(text('error')).toBe('worker \u001B[31merror\u001B[39m x');
  });

  test('shows the stack of an error, or else its message', () => {
    const withStack = JSON.stringify({
      level: 'error',
      msg: 'failed',
      err: { message: 'no', stack: 'Error: no\n    at x' },
    });
    expect(readableLine('worker', withStack, false).text).toBe('worker error failed \nError: no\n    at x');
    const without = JSON.stringify({ level: 'error', msg: 'failed', err: { type: 'Error', message: 'no' } });
    expect(readableLine('worker', without, false).text).toBe('worker error failed no');
  });
});

test.each(['    at file.js:1:1', '{"cut', '[1]', ''])('passes on %j, which is not a log line, as urgent', (line) => {
  expect(readableLine('worker', line, true)).toEqual({ text: `worker: ${line}`, isUrgent: true, message: undefined });
});

test('a file of JSON lines gets other output as JSON too', () => {
  const line = '{"level":"info","msg":"ready"}';
  expect(asRecord('worker', line)).toBe(line);
  expect(JSON.parse(asRecord('worker', '    at file.js:1:1'))).toMatchObject({
    level: 'error',
    service: 'sluice-worker',
    msg: '    at file.js:1:1',
  });
});
