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

test('takes the same Ctrl-C from the terminal and from npm for one', () => {
  process.emit('SIGINT', 'SIGINT');
  vi.advanceTimersByTime(30);
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGTERM', 'SIGTERM');
  expect(heard).toEqual(['SIGINT']);
});

test('hears a second wish to stop', () => {
  process.emit('SIGINT', 'SIGINT');
  vi.advanceTimersByTime(1000);
  process.emit('SIGTERM', 'SIGTERM');
  expect(heard).toEqual(['SIGINT', 'SIGTERM']);
});

test('leaves the process as it was', () => {
  const before = process.listenerCount('SIGHUP');
  stopListening();
  expect(process.listenerCount('SIGHUP')).toBe(before - 1);
});
