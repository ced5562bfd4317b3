declare module 'vitest' {
  interface TaskMeta {
    /** Rows of the requirement list that the test proves. */
    verifies?: readonly string[];
  }
}

/** The options that {@link verifies} adds to those of a test. */
export interface VerifiesOptions {
  readonly meta: { readonly verifies: readonly string[] };
}

const rowPattern = /^\d{3}-\d{1,3}$/;

/**
 * Ties a test to rows of the requirement list: `test('refuses the 21st lease of 20', verifies('001-25'), async () => …)`;
 * with other options, `{ ...verifies('001-25'), timeout: 1000 }`. The rows become the test's metadata, which
 * vitest's JSON report shows beside the outcome.
 * @throws TypeError on a row that is not written like `001-25`, which would otherwise count for nothing.
 */
export function verifies(...rows: readonly [string, ...string[]]): VerifiesOptions {
  const wrong = rows.find((row) => !rowPattern.test(row));
  if (wrong !== undefined)
    throw new TypeError(`"${wrong}" is not a row of the requirement list; write it like "001-25".`);
  return { meta: { verifies: rows } };
}
