import { describe, expect, test } from 'vitest';
import { verifies } from '../src/verifies.ts';

describe('verifies', () => {
  test("puts the rows into the test's metadata", verifies('001-25', '003-7'), ({ task }) => {
    expect(task.meta.verifies).toEqual(['001-25', '003-7']);
  });

  test('can be combined with other options', { ...verifies('001-26'), timeout: 1000 }, ({ task }) => {
    expect(task.meta.verifies).toEqual(['001-26']);
    expect(task.timeout).toBe(1000);
  });

  test.each(['1-25', '001', '001-25 ', '001-25, 001-26', ''])('refuses %j, which is not a row', (row) => {
    expect(() => verifies(row)).toThrow(`"${row}" is not a row of the requirement list; write it like "001-25".`);
  });
});
