import { expect, test } from 'vitest';
import { until } from '../src/until.ts';

/** Returns the values one after the other, then always the last one. */
function sequence<Value>(answers: readonly Value[]): () => Value {
  let index = 0;
  return () => {
    const answer = answers[Math.min(index, answers.length - 1)];
    index += 1;
    return answer as Value;
  };
}

test('resolves with the first truthy value', async () => {
  expect(await until(sequence([undefined, 0, '', 'ready', 'later']), { what: 'a text', intervalMs: 1 })).toBe('ready');
});

test('waits for conditions that answer later', async () => {
  const condition = sequence([false, true]);
  expect(await until(async () => condition(), { what: 'a promise', intervalMs: 1 })).toBe(true);
});

test('calls a condition again after it has thrown', async () => {
  const condition = sequence(['ECONNREFUSED', '']);
  const value = await until(
    () => {
      const problem = condition();
      if (problem !== '') throw new Error(problem);
      return 7;
    },
    { what: 'a connection', intervalMs: 1 },
  );
  expect(value).toBe(7);
});

test('names the condition, the time and the last value', async () => {
  await expect(until(() => 0, { what: 'a worker', timeoutMs: 20 })).rejects.toThrow(
    'waited 20 ms for a worker; the last value was 0',
  );
});

test('names the last error and keeps it as the cause', async () => {
  const cause = new Error('connect ECONNREFUSED');
  const waiting = until(() => Promise.reject<boolean>(cause), { what: 'a port', timeoutMs: 20 });
  await expect(waiting).rejects.toMatchObject({
    message: 'waited 20 ms for a port; the last error was: connect ECONNREFUSED',
    cause,
  });
});

test('gives up on a condition that never answers', async () => {
  const waiting = until(() => new Promise<boolean>(() => undefined), { what: 'an answer', timeoutMs: 20 });
  await expect(waiting).rejects.toThrow('waited 20 ms for an answer; the condition never answered');
});

test('cuts long errors short', async () => {
  const waiting = until(() => Promise.reject<boolean>(new Error('x'.repeat(5000))), { what: 'less', timeoutMs: 5 });
  await expect(waiting).rejects.toThrow(/the last error was: x{1000}…$/);
});
