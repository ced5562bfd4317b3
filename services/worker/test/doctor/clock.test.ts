import { expect, it } from 'vitest';
import { judgeClock } from '../../src/doctor/clock.ts';

const judge = (aheadMs: number) =>
  judgeClock({ id: 'clock.redis', whose: 'that of Redis', aheadMs, tolerableMs: 1000 });

it.each([
  [0, 'ok', "This machine's clock agrees with that of Redis to 1 s."],
  [-1000, 'ok', "This machine's clock agrees with that of Redis to 1 s."],
  [1700, 'warning', "This machine's clock is 1.7 s ahead of that of Redis."],
  [-42_000, 'problem', "This machine's clock is 42 s behind that of Redis."],
  [3_600_000, 'problem', "This machine's clock is 60 min ahead of that of Redis."],
])('a clock that is %d ms ahead is %s', (aheadMs, level, text) => {
  expect(judge(aheadMs)).toMatchObject({ level, text });
});
