import { expect, test } from 'vitest';
import { createOutputTail } from '../../src/processes/output-tail.ts';

test('keeps everything while it is short', () => {
  const tail = createOutputTail(100);
  const write = tail.writer();
  write(Buffer.from('one\n'));
  write(Buffer.from('two\n'));
  expect(tail.text()).toBe('one\ntwo\n');
});

test('keeps the newest part, at most twice its maximum length', () => {
  const tail = createOutputTail(10);
  const write = tail.writer();
  let all = '';
  for (let index = 0; index < 1000; index += 1) {
    const line = `${index}\n`;
    all += line;
    write(Buffer.from(line));
    expect(all.endsWith(tail.text())).toBe(true);
    expect(tail.text().length).toBeGreaterThanOrEqual(Math.min(all.length, 10));
    expect(tail.text().length).toBeLessThanOrEqual(20);
  }
});

test('keeps only a part of a chunk that is longer than its maximum length', () => {
  const tail = createOutputTail(10);
  tail.writer()(Buffer.from('x'.repeat(1000)));
  expect(tail.text()).toBe('x'.repeat(10));
});

test('joins split characters separately for each stream', () => {
  const tail = createOutputTail(100);
  const stdout = tail.writer();
  const stderr = tail.writer();
  const euro = Buffer.from('€');
  stdout(euro.subarray(0, 2));
  stderr(Buffer.from('!'));
  stdout(euro.subarray(2));
  expect(tail.text()).toBe('!€');
});
