import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onStopSignal } from '../../src/bare/signals.mjs';

const heard: NodeJS.Signals[] = [];
let stopListening = (): void => {};

beforeEach(() => {
  vi.useFakeTimers();
  heard.length = 0;
  stopListening = onStopSignal((signal) => heard.push(signal));
});
afterEach(() => {
  stopListening();
  vi.useRealTimers();
});

test('counts one Ctrl-C, received from the terminal and from npm, once', () => {
  process.emit('SIGINT', 'SIGINT');
  vi.advanceTimersByTime(30);
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGTERM', 'SIGTERM');
  expect(heard).toEqual(['SIGINT']);
});

test('reports a second stop signal that comes later', () => {
  process.emit('SIGINT', 'SIGINT');
  vi.advanceTimersByTime(1000);
  process.emit('SIGTERM', 'SIGTERM');
  expect(heard).toEqual(['SIGINT', 'SIGTERM']);
});

test('removes its listeners', () => {
  const before = process.listenerCount('SIGHUP');
  stopListening();
  expect(process.listenerCount('SIGHUP')).toBe(before - 1);
});
