const endings: (() => unknown)[] = [];

/**
 * Ends something after all tests and hooks of the test file: what began last ends first, so a service stops before its
 * Redis. For `beforeAll` and the functions that it calls: vitest runs no `afterAll` that a running `beforeAll` registers.
 */
export function afterFile(end: () => unknown): void {
  endings.push(end);
}

/**
 * Calls all endings, also those that come after one that fails.
 * @throws the error of the first that fails.
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
  if (errors.length > 0) throw errors[0];
}
