import { afterAll } from 'vitest';
import { until } from '../until.ts';
import { allowEndings, endFile } from './after-file.ts';
import { stillRunning } from './running.ts';

/** A server's `close()` takes a turn of the event loop, the end of a killed process some ms. */
const endTimeoutMs = 2000;

/*
 * A file of vitest's `setupFiles`. Its `afterAll` is the first to be registered and thus runs last: it ends what
 * `afterFile` has been given, then fails the file if processes or servers still run. Left alone, they would take the time
 * of the files that follow.
 */
allowEndings();
afterAll(async () => {
  await endFile();
  const timeoutMs = endTimeoutMs;
  await until(() => stillRunning().length === 0, { what: 'the end of all processes and servers', timeoutMs }).catch(
    (cause: unknown) => {
      const left = stillRunning().join('\n  ');
      throw new Error(
        `This file leaves running:\n  ${left}\nEnd them with afterFile, afterAll or onTestFinished. Vitest runs no afterAll that a running beforeAll registers.`,
        { cause },
      );
    },
  );
});
