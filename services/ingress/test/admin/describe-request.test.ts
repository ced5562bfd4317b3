import { expect, it } from 'vitest';
import { describeTimeline } from '../../src/admin/describe-request.ts';

const timeline = { auth: 0.1, body: 0.2, admission: 0.3, queue: 1, attempts: 50, stream: 100, relay: 2, client: 0.4 };

it('splits the time to the first piece into earlier attempts and the time to first token', () => {
  const { parts, sum_ms } = describeTimeline({ timeline, durationMs: 154 }, [
    { outcome: 'failed' },
    { outcome: 'complete', ttftMs: 30 },
  ]);
  expect(parts.map(({ name, ms }) => `${name} ${ms}`)).toEqual([
    'auth 0.1',
    'body 0.2',
    'admission 0.3',
    'queue 1',
    'attempts 20',
    'first_token 30',
    'stream 100',
    'relay 2',
    'client 0.4',
  ]);
  expect(sum_ms).toBe(154);
});

it('gives no part more time than there is', () => {
  const { parts, sum_ms } = describeTimeline({ timeline, durationMs: 154 }, [{ outcome: 'complete', ttftMs: 60 }]);
  expect(parts.find(({ name }) => name === 'attempts')?.ms).toBe(0);
  expect(sum_ms).toBe(154);
});
