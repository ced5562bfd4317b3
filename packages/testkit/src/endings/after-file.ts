const endings: (() => unknown)[] = [];
let isAllowed = false;

/**
 * Ends something after all tests and hooks of the test file: what began last ends first, so a service stops before its
 * Redis. For `beforeAll` and the functions that it calls: vitest runs no `afterAll` that a running `beforeAll` registers.
 * @throws Error in a project of vitest without the set-up file `leave-nothing.ts`, such as `unit`: nothing would call `end`
 */
export function afterFile(end: () => unknown): void {
  if (!isAllowed) {
    throw new Error(
      'afterFile: this project of vitest has no set-up file that calls the endings. A file that starts processes or servers is a *.redis.test.ts or *.e2e.test.ts.',
    );
  }
  endings.push(end);
}

/** Lets `afterFile` take endings. For the set-up file that calls `endFile`. */
export function allowEndings(): void {
  isAllowed = true;
}

/**
 * Calls all endings, also those that come after one that fails.
 * @throws the error of the one that fails; AggregateError if several fail.
 */
export async function endFile(): Promise<void> {
  const errors: unknown[] = [];
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) {
    try {
      await end();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} endings of this file fail`);
  if (errors.length === 1) throw errors[0];
}
